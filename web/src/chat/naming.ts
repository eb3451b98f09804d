// What conversations and messages are called: titles, summaries, who is meant. Words only, no views.

import type { ConversationOut, MessageOut, ParticipantOut, ReplyPreview } from "@wasgo/chat";
import { firstNameOf, nameOf } from "../shared/avatar.tsx";
import { text } from "../shared/text.ts";

export type Kind = ConversationOut["conversation_type"];
export type Role = ParticipantOut["role"];
type Titled = Pick<ConversationOut, "conversation_type" | "title">;

export const KINDS: readonly Kind[] = ["direct", "job", "bid", "request", "support", "dispute"];
const RANKS: readonly Role[] = ["observer", "participant", "moderator", "admin"];

export function atLeast(role: Role | undefined, lowest: Role): boolean {
  return role !== undefined && RANKS.indexOf(role) >= RANKS.indexOf(lowest);
}

/** The other one of a direct conversation. */
export function counterpart(kind: Kind, participants: readonly ParticipantOut[], me: string): ParticipantOut | undefined {
  return kind === "direct" ? participants.find((one) => one.user.id !== me) : undefined;
}

export function titleOf(conversation: Titled, participants: readonly ParticipantOut[], me: string): string {
  const other = counterpart(conversation.conversation_type, participants, me);
  return conversation.title || (other ? nameOf(other.user) : text.type[conversation.conversation_type]);
}

/** The words of a message, or what stands for them. */
export function wordsOf(message: Pick<MessageOut, "content" | "message_type" | "is_deleted"> | ReplyPreview): string {
  if (message.is_deleted) return text.deleted;
  return message.content || text.kind[message.message_type];
}

/** One line for the list: who said what. */
export function summaryOf(conversation: ConversationOut, me: string): string {
  const message = conversation.last_message;
  if (!message) return text.noMessages;
  const words = wordsOf(message);
  if (!message.sender) return words;
  if (message.sender.id === me) return text.youSaid(words);
  return conversation.conversation_type === "direct" ? words : text.said(firstNameOf(message.sender), words);
}

/** What a conversation is about, as people would say it: "Job 4711". */
export function referenceOf(conversation: Pick<ConversationOut, "conversation_type" | "reference" | "metadata">): string | undefined {
  const { reference, conversation_type: kind, metadata } = conversation;
  if (reference) return text.referenceNumber(text.reference[reference.type] ?? reference.type, reference.id);
  const about = metadata.support_type;
  return kind === "support" && typeof about === "string" ? text.referenceNumber(text.reference.support ?? "", about) : undefined;
}
