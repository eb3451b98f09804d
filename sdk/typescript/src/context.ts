// What a conversation needs from the chat it belongs to.

import type { Connection } from "./connection.js";
import type { ConversationOut, MessageOut } from "./generated/frames.js";
import type { OutboxStore } from "./outbox.js";

export interface MessagesPage {
  readonly results: MessageOut[];
  readonly next: string | null;
  readonly previous?: string | null;
  readonly last_seq?: number | null;
  /** The epoch of the log. A service without epochs sends none. */
  readonly epoch?: string;
}

/** Messages before or after a seq, or half a page on either side of it. */
export type MessagesPosition = { before_seq: number } | { after_seq: number } | { around_seq: number };

export interface ConversationContext {
  readonly connection: Connection;
  readonly outbox: OutboxStore;
  /** The id of the signed-in user. */
  userId(): string;
  loadConversation(id: string): Promise<ConversationOut>;
  /** Loads the newest page, or the one at a position. */
  loadMessages(id: string, position?: MessagesPosition): Promise<MessagesPage>;
  loadMessage(id: string): Promise<MessageOut>;
  markAllRead(id: string): Promise<{ unread_count: number }>;
  /** Schedules a request for the unread counts of all conversations. */
  scheduleUnreadRefresh(): void;
}
