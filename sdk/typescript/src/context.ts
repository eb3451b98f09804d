// What a conversation needs of its chat.

import type { Connection } from "./connection.js";
import type { ConversationOut, MessageOut } from "./generated/frames.js";
import type { OutboxStore } from "./outbox.js";

export interface MessagesPage {
  readonly results: MessageOut[];
  readonly next: string | null;
  readonly last_seq?: number | null;
}

export interface Surroundings {
  readonly connection: Connection;
  readonly outbox: OutboxStore;
  /** Who is signed in. */
  userId(): string;
  loadConversation(id: string): Promise<ConversationOut>;
  /** The newest page, or the one before a seq. */
  loadMessages(id: string, beforeSeq?: number): Promise<MessagesPage>;
  loadMessage(id: string): Promise<MessageOut>;
  markAllRead(id: string): Promise<{ unread_count: number }>;
  /** Ask the service for the unread counts soon. */
  countUnread(): void;
}
