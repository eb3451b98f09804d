// What the views of an open conversation share.

import type { Conversation, ConversationState, MessageOut, ParticipantOut } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { displayName } from "../../shared/avatar.tsx";
import type { Role } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";

/** The message that the composer replies to or edits; undefined for a new message. */
export type ComposerTarget = { readonly kind: "reply" | "edit"; readonly message: MessageOut } | undefined;

export interface OpenConversation {
  readonly conversation: Conversation;
  readonly state: ConversationState;
  readonly me: string;
  readonly role: Role | undefined;
  /** The conversation is open and the user's role allows sending. */
  readonly canWrite: boolean;
  readonly target: ComposerTarget;
  setTarget(target: ComposerTarget): void;
  /** Scrolls to a message, loading older ones as needed. */
  reveal(messageId: string): void;
  openImage(attachmentId: string): void;
}

export const OpenConversationContext = createContext<OpenConversation | undefined>(undefined);

export function useOpenConversation(): OpenConversation {
  const open = useContext(OpenConversationContext);
  if (!open) throw new TypeError("useOpenConversation must be used inside an OpenConversationContext.Provider");
  return open;
}

/** The name of a participant: "You" for the user, the id for someone who has left. */
export function memberName(participants: readonly ParticipantOut[], userId: string, me: string): string {
  if (userId === me) return text.you;
  const found = participants.find((participant) => participant.user.id === userId);
  return found ? displayName(found.user) : userId;
}
