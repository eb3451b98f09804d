// A conversation as an application sees it: its state, its operations, and change notifications.

import { createClientId } from "./client-id.js";
import type { OutgoingFrame } from "./connection.js";
import type { ConversationContext } from "./context.js";
import { ChatError } from "./errors.js";
import type {
  ConversationCore,
  MessageOut,
  ParticipantOut,
  ReactAck,
  SendMessageAck,
  ServerFrame,
} from "./generated/frames.js";
import type { Draft, OutboxEntry } from "./outbox.js";
import { type EventFrame, isEvent } from "./replica.js";
import { type PendingMessage, Sender } from "./sender.js";
import { ConversationSubscription, type ConversationStatus } from "./subscription.js";
import { TypingIndicator } from "./typing-indicator.js";

/** An immutable snapshot of a conversation. Every change makes a new one. */
export interface ConversationState {
  readonly status: ConversationStatus;
  readonly conversation: ConversationCore | undefined;
  readonly participants: readonly ParticipantOut[];
  /** By seq, oldest first. Deleted messages stay as tombstones. The same array until a message changes. */
  readonly messages: readonly MessageOut[];
  /** The user's own messages that are not stored yet, then those the service has rejected (`failed`). */
  readonly pending: readonly PendingMessage[];
  readonly unread: number;
  /** Names of other users who are typing. */
  readonly typing: readonly string[];
  /** Whether `loadOlder()` has more messages. */
  readonly hasOlder: boolean;
  /** Whether `messages` is an older part of the conversation: `loadNewer()` has more, and `showNewest()` leaves it. */
  readonly hasNewer: boolean;
}

const NO_PARTICIPANTS: readonly ParticipantOut[] = [];
const NO_MESSAGES: readonly MessageOut[] = [];
const NORMAL_CLOSURE = 1000;

/** Get one from `chat.conversation(id)`. */
export class Conversation {
  state: ConversationState;
  #unread = 0;
  #isNotifying = false;
  readonly #subscription: ConversationSubscription;
  readonly #typing: TypingIndicator;
  readonly #sender: Sender;
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly id: string,
    private readonly context: ConversationContext,
  ) {
    this.#subscription = new ConversationSubscription(id, context, {
      onLoad: (unreadCount) => (this.#unread = unreadCount),
      onEvent: (frame) => this.#onEvent(frame),
      onGone: () => this.#sender.setReady(false),
      onChange: () => this.#notify(),
    });
    this.#typing = new TypingIndicator(id, context.connection, () => this.#notify());
    this.#sender = new Sender(context.connection, context.outbox, () => this.#notify());
    this.state = this.#snapshot();
  }

  /** Calls `listener` after every change. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get messages(): readonly MessageOut[] {
    return this.state.messages;
  }

  get unread(): number {
    return this.state.unread;
  }

  get typing(): readonly string[] {
    return this.state.typing;
  }

  /** The seq of the last event that the state includes; 0 before the conversation is loaded. */
  get lastSeq(): number {
    return this.#subscription.lastSeq;
  }

  /**
   * Sends a message. It is in `pending` at once, and in `messages` when it is stored. Rejects only if the service rejects
   * the message; lost connections are retried.
   */
  send(content: string, options: Omit<Draft, "content"> = {}): Promise<SendMessageAck> {
    this.#typing.onMessageSent();
    const clientId = createClientId();
    const draft = { content, ...options };
    const entry = { clientId, userId: this.context.userId(), conversationId: this.id, draft, createdAt: Date.now() };
    return this.#sender.send(entry).finally(() => this.#subscription.expectEvent());
  }

  /** Sends a failed message again, with the same `client_id`. */
  retry(clientId: string): Promise<SendMessageAck> {
    return this.#sender.retry(clientId).finally(() => this.#subscription.expectEvent());
  }

  /** Removes a failed message. */
  discard(clientId: string): void {
    this.#sender.discard(clientId);
  }

  async edit(messageId: string, content: string): Promise<void> {
    await this.#request({ type: "edit_message", message_id: messageId, content });
  }

  async delete(messageId: string): Promise<void> {
    await this.#request({ type: "delete_message", message_id: messageId });
  }

  /** Adds or removes an emoji. Idempotent. */
  async react(messageId: string, emoji: string, action: "add" | "remove" = "add"): Promise<ReactAck> {
    return (await this.#request({ type: "react", message_id: messageId, emoji, action })) as ReactAck;
  }

  /** Marks these messages as read, or all messages. */
  async markRead(messageIds?: readonly string[]): Promise<void> {
    const result = messageIds
      ? await this.#request({ type: "mark_read", message_ids: messageIds as [string, ...string[]] })
      : await this.context.markAllRead(this.id);
    this._setUnread((result as { unread_count: number }).unread_count);
  }

  /** Shows the other users that this one is typing. Call it on every keystroke; signals are throttled. */
  notifyTyping(): void {
    this.#typing.notify();
  }

  /** Loads a page of older messages. */
  loadOlder(): Promise<void> {
    return this.#subscription.loadOlder();
  }

  /** Loads the page after an older part of the conversation. */
  loadNewer(): Promise<void> {
    return this.#subscription.loadNewer();
  }

  /** Replaces `messages` with the part of the conversation around a seq. It stays until `showNewest`, or until it reaches the end. */
  loadAround(seq: number): Promise<void> {
    return this.#subscription.loadAround(seq);
  }

  /** Makes sure that a message is in `messages`, however old it is. Rejects with `not_found` if it is not in this conversation. */
  async reveal(messageId: string): Promise<void> {
    if (this.messages.some((message) => message.id === messageId)) return;
    const message = await this.context.loadMessage(messageId);
    if (message.conversation !== this.id) throw new ChatError("not_found", "the message is in another conversation");
    await this.loadAround(message.seq);
  }

  /** Leaves an older part of the conversation: `messages` has the newest messages again. */
  showNewest(): void {
    this.#subscription.showNewest();
  }

  /** Loads a message again, for new signed URLs of its attachments: they expire after some minutes. */
  async refresh(messageId: string): Promise<void> {
    this.#subscription.replica?.putMessage(await this.context.loadMessage(messageId));
    this.#notify();
  }

  /** @internal Subscribes after the connection has opened. */
  _subscribe(): Promise<void> {
    return this.#subscription.subscribe();
  }

  /** @internal */
  _onDisconnect(): void {
    this.#sender.setReady(false);
    this.#typing.clear();
    this.#subscription.onDisconnect();
  }

  /** @internal Handles a frame about this conversation. */
  _apply(frame: ServerFrame): void {
    switch (frame.type) {
      case "subscribed":
        this.#subscription.onSubscribed(frame.reads);
        this.#sender.setReady(true);
        this.context.scheduleUnreadRefresh();
        break;
      case "unsubscribed":
        if (frame.code !== NORMAL_CLOSURE) this.#subscription.end();
        break;
      case "resync":
        void this.#subscription.reload();
        break;
      case "typing":
        this.#typing.onSignal(frame);
        break;
      case "messages_read":
        this.#subscription.replica?.markRead(frame.user_id, frame.message_ids, frame.up_to_seq);
        if (frame.user_id === this.context.userId()) this.context.scheduleUnreadRefresh();
        this.#notify();
        break;
      default:
        if (isEvent(frame)) this.#subscription.onEvent(frame);
    }
  }

  /** @internal Sends, or keeps as failed, an entry that the outbox has kept over a reload. */
  _resume(entry: OutboxEntry): void {
    const sent = this.#sender.resume(entry)?.finally(() => this.#subscription.expectEvent());
    sent?.catch(() => {}); // the message is in `pending`, with `failed`
  }

  /** @internal */
  _setUnread(unread: number): void {
    this.#unread = unread;
    this.#notify();
  }

  /** @internal */
  _stop(): void {
    this.#sender.stop();
    this.#typing.clear();
    this.#subscription.stop();
  }

  #onEvent(frame: EventFrame): void {
    if (frame.type === "new_message") this.#onMessage(frame.message);
    if (frame.type === "message_deleted" && this.#unread > 0) this.context.scheduleUnreadRefresh();
  }

  #onMessage(message: MessageOut): void {
    if (message.sender) this.#typing.remove(message.sender.id);
    if (message.sender?.id !== this.context.userId()) {
      if (message.sender && !message.is_deleted) this.#unread++;
      this.context.scheduleUnreadRefresh();
    } else if (message.client_id !== null) {
      const { id: message_id, seq, created_at } = message;
      this.#sender.onStored(message.client_id, () => ({ type: "ack", ref: "", message_id, seq, created_at }));
    }
  }

  async #request(frame: OutgoingFrame): Promise<unknown> {
    const ack = await this.context.connection.request({ ...frame, conversation_id: this.id });
    this.#subscription.expectEvent();
    return ack;
  }

  /** Updates `state`, and calls the listeners once for all changes of the current task. */
  #notify(): void {
    this.state = this.#snapshot();
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #snapshot(): ConversationState {
    const { status, replica } = this.#subscription;
    return {
      status,
      conversation: replica?.conversation,
      participants: replica?.participantList() ?? NO_PARTICIPANTS,
      messages: replica?.orderedMessages() ?? NO_MESSAGES,
      pending: this.#sender.pending,
      unread: this.#unread,
      typing: this.#typing.names,
      hasOlder: replica?.hasOlder ?? false,
      hasNewer: replica?.hasNewer ?? false,
    };
  }
}
