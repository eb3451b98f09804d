// What the package gives. The REST functions and their types are under `rest`.

export { Chat, type ChatOptions } from "./chat.js";
export { type AfterClose, afterClose, backoff } from "./closing.js";
export type { ConnectionState, WebSocketLike, WebSocketMaker } from "./connection.js";
export { Conversation, type ConversationState } from "./conversation.js";
export { ChatError } from "./errors.js";
export type { ConversationStatus } from "./following.js";
export type * from "./generated/frames.js";
export { Inbox, type InboxState, type InboxStatus } from "./inbox.js";
export { type Draft, IndexedDbOutbox, MemoryOutbox, type OutboxEntry, type OutboxStore } from "./outbox.js";
export type { Presence } from "./presence.js";
export { type Applied, type DurableFrame, Replica } from "./replica.js";
export { result } from "./rest.js";
export type { PendingMessage } from "./sender.js";
export { type TokenClaims, type TokenProvider, type TokenReason, readToken } from "./token.js";
export type { UploadOptions } from "./upload.js";
