// What the parts of an open conversation share, so that it is not handed down through each of them.

import type { Conversation, ConversationState, MessageOut, ParticipantOut } from "@wasgo/chat";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { nameOf } from "../../shared/avatar.tsx";
import type { Role } from "../../shared/labels/roles.ts";
import { text } from "../../shared/text.ts";

/** What is being written: an answer, a change, or neither. */
export type Writing = { readonly kind: "reply" | "edit"; readonly message: MessageOut } | undefined;

export interface Open {
  readonly conversation: Conversation;
  readonly state: ConversationState;
  readonly me: string;
  readonly role: Role | undefined;
  /** Not closed, and one's role allows it. */
  readonly canWrite: boolean;
  readonly writing: Writing;
  write(writing: Writing): void;
  /** Goes to a message, loading what is between. */
  reveal(messageId: string): void;
  view(attachmentId: string): void;
}

export const OpenContext = createContext<Open | undefined>(undefined);

export function useOpen(): Open {
  const open = useContext(OpenContext);
  if (!open) throw new TypeError("this view belongs into an open conversation");
  return open;
}

/** The name of a member, of oneself as "You"; of somebody who left, the id. */
export function memberName(participants: readonly ParticipantOut[], userId: string, me: string): string {
  if (userId === me) return text.you;
  const found = participants.find((one) => one.user.id === userId);
  return found ? nameOf(found.user) : userId;
}
