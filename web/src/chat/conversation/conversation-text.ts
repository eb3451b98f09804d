// What conversations and messages are called: titles, summaries, who is meant. Words only, no views.

import type { ConversationOut, MessageOut, ParticipantOut, ReplyPreview } from "@wasgo/chat";
import { firstNameOf, nameOf } from "../../shared/avatar.tsx";
import { CONVERSATION_TYPES, type ConversationType, referenceLabel } from "../../shared/labels/conversation-types.ts";
import { MESSAGE_TYPES } from "../../shared/labels/message-types.ts";
import { text } from "../../shared/text.ts";

type Titled = Pick<ConversationOut, "conversation_type" | "title">;

/** The other one of a direct conversation. */
export function counterpart(type: ConversationType, participants: readonly ParticipantOut[], me: string): ParticipantOut | undefined {
  return type === "direct" ? participants.find((one) => one.user.id !== me) : undefined;
}

export function titleOf(conversation: Titled, participants: readonly ParticipantOut[], me: string): string {
  const other = counterpart(conversation.conversation_type, participants, me);
  return conversation.title || (other ? nameOf(other.user) : CONVERSATION_TYPES[conversation.conversation_type].label);
}

/** The words of a message, or what stands for them. */
export function wordsOf(message: Pick<MessageOut, "content" | "message_type" | "is_deleted"> | ReplyPreview): string {
  if (message.is_deleted) return text.deleted;
  return message.content || MESSAGE_TYPES[message.message_type];
}

/** One line for the list: who said what. */
export function summaryOf(conversation: ConversationOut, me: string): string {
  const message = conversation.last_message;
  if (!message) return text.noMessages;
  const words = wordsOf(message);
  if (!message.sender) return words;
  if (message.sender.id === me) return text.ownPreview(words);
  return conversation.conversation_type === "direct" ? words : text.preview(firstNameOf(message.sender), words);
}

/** What a conversation is about, as people would say it: "Job 4711". */
export function referenceOf(conversation: Pick<ConversationOut, "conversation_type" | "reference" | "metadata">): string | undefined {
  const { reference, conversation_type: type, metadata } = conversation;
  if (reference) return text.reference(referenceLabel(reference.type), reference.id);
  const about = metadata.support_type;
  return type === "support" && typeof about === "string" ? text.reference(referenceLabel(type), about) : undefined;
}
