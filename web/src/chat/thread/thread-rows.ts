// From messages to the rows of a thread: days, the unread line, groups of one sender. A pure function.

import type { MessageOut, PendingMessage } from "@wasgo/chat";
import { dayKey } from "../../shared/times.ts";

export interface MessageRow {
  readonly kind: "message";
  readonly key: string;
  readonly message: MessageOut;
  readonly isOwn: boolean;
  /** Of those that one person sent in a row. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

export type Row =
  | MessageRow
  | { readonly kind: "start" | "older" | "unread" | "end"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly iso: string }
  | { readonly kind: "system"; readonly key: string; readonly message: MessageOut }
  | { readonly kind: "pending"; readonly key: string; readonly pending: PendingMessage; readonly isFirst: boolean };

const TOGETHER_MS = 5 * 60_000;

export interface Made {
  readonly messages: readonly MessageOut[];
  readonly pending: readonly PendingMessage[];
  readonly me: string;
  readonly hasOlder: boolean;
  /** The line stands before the first message of others after this; undefined: no line. */
  readonly readUpTo: number | undefined;
}

export function rowsOf({ messages, pending, me, hasOlder, readUpTo }: Made): Row[] {
  const rows: Row[] = [{ kind: hasOlder ? "older" : "start", key: "top" }];
  let day = "";
  let before: MessageOut | undefined;
  let isLineDrawn = readUpTo === undefined;
  for (const [at, message] of messages.entries()) {
    const today = dayKey(message.created_at);
    let isBroken = before === undefined;
    if (today !== day) {
      rows.push({ kind: "day", key: `day ${today}`, iso: message.created_at });
      day = today;
      isBroken = true;
    }
    if (!isLineDrawn && message.seq > (readUpTo ?? 0) && message.sender && message.sender.id !== me) {
      rows.push({ kind: "unread", key: "unread" });
      isLineDrawn = true;
      isBroken = true;
    }
    if (message.message_type === "system" || !message.sender) {
      rows.push({ kind: "system", key: message.id, message });
    } else {
      const following = messages[at + 1];
      const isFirst = isBroken || !together(before, message);
      const isLast = !together(message, following) || dayKey(following?.created_at ?? "") !== today;
      rows.push({ kind: "message", key: message.id, message, isOwn: message.sender.id === me, isFirst, isLast });
    }
    before = message;
  }
  const lastIsOwn = before?.sender?.id === me;
  for (const [at, one] of pending.entries()) {
    rows.push({ kind: "pending", key: one.clientId, pending: one, isFirst: at === 0 && !lastIsOwn });
  }
  rows.push({ kind: "end", key: "end" });
  return rows;
}

function together(one: MessageOut | undefined, other: MessageOut | undefined): boolean {
  if (!one?.sender || !other?.sender || one.sender.id !== other.sender.id) return false;
  return Date.parse(other.created_at) - Date.parse(one.created_at) < TOGETHER_MS;
}
