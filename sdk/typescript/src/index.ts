// The entry point `@wasgo/chat`. The generated REST functions and their types are in `@wasgo/chat/rest`.

export { backoff } from "./backoff.js";
export { Chat, type ChatOptions } from "./chat.js";
export { type ReconnectDecision, reconnectPolicy } from "./close-codes.js";
export type { ConnectionState, WebSocketConstructor, WebSocketLike } from "./connection.js";
export type { Conversation, ConversationState } from "./conversation.js";
export { ChatError } from "./errors.js";
export { type CloseCodeAction, closeCodeActions } from "./generated/close-codes.js";
export type * from "./generated/frames.js";
export type { Inbox, InboxState, InboxStatus } from "./inbox.js";
export { type Draft, IndexedDbOutbox, MemoryOutbox, type OutboxEntry, type OutboxStore } from "./outbox.js";
export type { Presence } from "./presence.js";
export { type ApplyResult, type EventFrame, Replica } from "./replica.js";
export { unwrap } from "./rest-client.js";
export type { PendingMessage } from "./sender.js";
export type { ConversationStatus } from "./subscription.js";
export { type TokenClaims, type TokenProvider, type TokenReason, decodeToken } from "./tokens.js";
export type { UploadOptions } from "./upload.js";
