// Titles and one-line summaries of conversations and messages.

import type { ConversationOut, MessageOut, ParticipantOut, ReplyPreview } from "@wasgo/chat";
import { displayName, firstName } from "../../shared/avatar.tsx";
import { CONVERSATION_TYPES, type ConversationType, referenceLabel } from "../../shared/labels/conversation-types.ts";
import { MESSAGE_TYPES } from "../../shared/labels/message-types.ts";
import { text } from "../../shared/text.ts";
import { systemText } from "./system-text.ts";

type TitleFields = Pick<ConversationOut, "conversation_type" | "title">;

/** The other participant of a direct conversation. */
export function counterpart(type: ConversationType, participants: readonly ParticipantOut[], me: string): ParticipantOut | undefined {
  return type === "direct" ? participants.find((participant) => participant.user.id !== me) : undefined;
}

export function conversationTitle(conversation: TitleFields, participants: readonly ParticipantOut[], me: string): string {
  const other = counterpart(conversation.conversation_type, participants, me);
  return conversation.title || (other ? displayName(other.user) : CONVERSATION_TYPES[conversation.conversation_type].label);
}

type MessageSummary = Pick<MessageOut, "content" | "message_type" | "is_deleted"> & Partial<Pick<MessageOut, "attachments">>;

/** The text of a message, or a placeholder for it. */
export function messageText(message: MessageSummary | ReplyPreview): string {
  if (message.is_deleted) return text.deleted;
  if (message.content) return message.content;
  const count = "attachments" in message ? (message.attachments?.length ?? 0) : 0;
  return message.message_type === "image" && count > 1 ? text.photos(count) : MESSAGE_TYPES[message.message_type];
}

/** A one-line preview of the last message for the list. */
export function conversationSummary(conversation: ConversationOut, me: string): string {
  const message = conversation.last_message;
  if (!message) return text.noMessages;
  if (!message.sender) return systemText(message, conversation.participants);
  const content = messageText(message);
  if (message.sender.id === me) return text.ownPreview(content);
  return conversation.conversation_type === "direct" ? content : text.preview(firstName(message.sender), content);
}

/** The reference of a conversation: "Job 4711". */
export function conversationReference(conversation: Pick<ConversationOut, "conversation_type" | "reference" | "metadata">): string | undefined {
  const { reference, conversation_type: type, metadata } = conversation;
  if (reference) return text.reference(referenceLabel(reference.type), reference.id);
  const supportType = metadata.support_type;
  return type === "support" && typeof supportType === "string" ? text.reference(referenceLabel(type), supportType) : undefined;
}
