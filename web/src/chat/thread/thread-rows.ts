// Builds the rows of a thread from its messages: day headings, the unread line, and groups of messages by one sender.

import type { MessageOut, PendingMessage } from "@wasgo/chat";
import { dayKey } from "../../shared/times.ts";

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly message: MessageOut;
  readonly isOwn: boolean;
  /** First or last of a group: messages that one user sent in a row. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

export type Row =
  | MessageRow
  | { readonly kind: "start" | "older" | "newer" | "unread" | "end"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly iso: string }
  | { readonly kind: "system"; readonly key: string; readonly message: MessageOut }
  | { readonly kind: "pending"; readonly key: string; readonly pending: PendingMessage; readonly isFirst: boolean };

const GROUP_WINDOW_MS = 5 * 60_000;

export interface ThreadInput {
  readonly messages: readonly MessageOut[];
  readonly pending: readonly PendingMessage[];
  readonly me: string;
  readonly hasOlder: boolean;
  /** The messages are an older part of the conversation; pending ones are not shown with it. */
  readonly hasNewer: boolean;
  /** The unread line precedes the first message of others after this seq; undefined: no line. */
  readonly readUpTo: number | undefined;
}

export function buildRows({ messages, pending, me, hasOlder, hasNewer, readUpTo }: ThreadInput): Row[] {
  const rows: Row[] = [{ kind: hasOlder ? "older" : "start", key: "top" }];
  let day = "";
  let previous: MessageOut | undefined;
  let hasUnreadLine = readUpTo === undefined;
  for (const [at, message] of messages.entries()) {
    const today = dayKey(message.created_at);
    let startsGroup = previous === undefined;
    if (today !== day) {
      rows.push({ kind: "day", key: `day ${today}`, iso: message.created_at });
      day = today;
      startsGroup = true;
    }
    if (!hasUnreadLine && message.seq > (readUpTo ?? 0) && message.sender && message.sender.id !== me) {
      rows.push({ kind: "unread", key: "unread" });
      hasUnreadLine = true;
      startsGroup = true;
    }
    if (message.message_type === "system" || !message.sender) {
      rows.push({ kind: "system", key: message.id, message });
    } else {
      const next = messages[at + 1];
      const isFirst = startsGroup || !isSameGroup(previous, message);
      const isLast = !isSameGroup(message, next) || dayKey(next?.created_at ?? "") !== today;
      rows.push({ kind: "message", key: message.id, message, isOwn: message.sender.id === me, isFirst, isLast });
    }
    previous = message;
  }
  if (hasNewer) return [...rows, { kind: "newer", key: "bottom" }];
  const lastIsOwn = previous?.sender?.id === me;
  for (const [at, one] of pending.entries()) {
    rows.push({ kind: "pending", key: one.clientId, pending: one, isFirst: at === 0 && !lastIsOwn });
  }
  rows.push({ kind: "end", key: "end" });
  return rows;
}

function isSameGroup(first: MessageOut | undefined, second: MessageOut | undefined): boolean {
  if (!first?.sender || !second?.sender || first.sender.id !== second.sender.id) return false;
  return Date.parse(second.created_at) - Date.parse(first.created_at) < GROUP_WINDOW_MS;
}
