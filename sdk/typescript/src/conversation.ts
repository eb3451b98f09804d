// A conversation as an application has it: its state, its verbs, and telling subscribers of every change.

import { type ConversationStatus, Following } from "./following.js";
import type {
  ConversationCore,
  MessageOut,
  ParticipantOut,
  ReactAck,
  SendMessageAck,
  ServerFrame,
} from "./generated/frames.js";
import type { Draft, OutboxEntry } from "./outbox.js";
import type { DurableFrame } from "./replica.js";
import { type PendingMessage, Sender } from "./sender.js";
import type { Surroundings } from "./surroundings.js";
import { Typing } from "./typing.js";

/** What is known of a conversation at one moment. A new object after every change. */
export interface ConversationState {
  /** `live`: in sync. `away`: what is known, without a connection. `gone`: removed from it, or there is none. */
  readonly status: ConversationStatus;
  readonly conversation: ConversationCore | undefined;
  readonly participants: readonly ParticipantOut[];
  /** By seq, oldest first; tombstones stay in their place. The same array while no message changes. */
  readonly messages: readonly MessageOut[];
  /** One's own messages that are not stored yet, and those refused (`failed`). */
  readonly pending: readonly PendingMessage[];
  readonly unread: number;
  /** Names of others who type. */
  readonly typing: readonly string[];
  /** Whether there are older messages to load. */
  readonly hasOlder: boolean;
}

const NOBODY: readonly ParticipantOut[] = [];
const NOTHING: readonly MessageOut[] = [];

export class Conversation {
  state: ConversationState;
  #unread = 0;
  #isTelling = false;
  readonly #following: Following;
  readonly #typing: Typing;
  readonly #sender: Sender;
  readonly #subscribers = new Set<() => void>();

  constructor(
    readonly id: string,
    private readonly around: Surroundings,
  ) {
    const events = {
      loaded: (unread: number) => (this.#unread = unread),
      taken: (frame: DurableFrame) => this.#taken(frame),
      gone: () => this.#sender.ready(false),
      changed: () => this.#changed(),
    };
    this.#following = new Following(id, around, events);
    this.#typing = new Typing(id, around.connection, () => this.#changed());
    this.#sender = new Sender(around.connection, around.outbox, () => this.#changed());
    this.state = this.#now();
  }

  /** Calls `fn` after every change; gives what ends that. */
  subscribe(fn: () => void): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
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

  /** The seq up to which this copy is true; 0 before it is loaded. */
  get last(): number {
    return this.#following.last;
  }

  /** Sends a message: it is in `pending` at once, and in `messages` when stored. Rejects where it is refused for good. */
  send(content: string, more: Omit<Draft, "content"> = {}): Promise<SendMessageAck> {
    this.#typing.sent();
    const clientId = crypto.randomUUID();
    const draft = { content, ...more };
    const entry = { clientId, userId: this.around.userId(), conversationId: this.id, draft, createdAt: Date.now() };
    return this.#sender.send(entry).finally(() => this.#following.expectEvents());
  }

  /** Takes up a message that was on its way, or refused, before a reload. */
  resume(entry: OutboxEntry): void {
    const sent = this.#sender.resume(entry)?.finally(() => this.#following.expectEvents());
    sent?.catch(() => {}); // it is in `pending`, as failed
  }

  /** Sends one that was refused again: the reason may be gone. */
  retry(clientId: string): Promise<SendMessageAck> {
    return this.#sender.retry(clientId).finally(() => this.#following.expectEvents());
  }

  discard(clientId: string): void {
    this.#sender.discard(clientId);
  }

  async edit(messageId: string, content: string): Promise<void> {
    await this.#ask({ type: "edit_message", message_id: messageId, content });
  }

  async delete(messageId: string): Promise<void> {
    await this.#ask({ type: "delete_message", message_id: messageId });
  }

  /** Adds or removes an emoji; safe to repeat. */
  async react(messageId: string, emoji: string, action: "add" | "remove" = "add"): Promise<ReactAck> {
    return (await this.#ask({ type: "react", message_id: messageId, emoji, action })) as ReactAck;
  }

  /** Marks these messages as read, or everything. */
  async markRead(messageIds?: readonly string[]): Promise<void> {
    const result = messageIds
      ? await this.#ask({ type: "mark_read", message_ids: messageIds as [string, ...string[]] })
      : await this.around.markAllRead(this.id);
    this.#unread = (result as { unread_count: number }).unread_count;
    this.#changed();
  }

  /** Call it on every key: it is passed on as often as it is of use. */
  type(): void {
    this.#typing.type();
  }

  /** Loads a page of older messages. */
  loadOlder(): Promise<void> {
    return this.#following.loadOlder();
  }

  /** Loads a message again: the links to its files end after some minutes. */
  async refresh(messageId: string): Promise<void> {
    this.#following.replica?.take(await this.around.loadMessage(messageId));
    this.#changed();
  }

  // What the connection says

  /** The socket is open: follow from where this copy stands. */
  follow(): Promise<void> {
    return this.#following.follow();
  }

  lost(): void {
    this.#sender.ready(false);
    this.#typing.clear();
    this.#following.lost();
  }

  take(frame: ServerFrame): void {
    switch (frame.type) {
      case "subscribed":
        this.#following.begun(frame.reads);
        this.#sender.ready(true);
        this.around.countUnread();
        break;
      case "unsubscribed":
        if (frame.code !== 1000) this.#following.end();
        break;
      case "resync":
        void this.#following.reload();
        break;
      case "typing":
        this.#typing.heard(frame);
        break;
      case "messages_read":
        this.#following.replica?.read(frame.user_id, frame.message_ids, frame.up_to_seq);
        if (frame.user_id === this.around.userId()) this.around.countUnread();
        this.#changed();
        break;
      default:
        if ("seq" in frame && "conversation_id" in frame) this.#following.take(frame as DurableFrame);
    }
  }

  /** The service has counted. */
  counted(unread: number): void {
    this.#unread = unread;
    this.#changed();
  }

  stop(): void {
    this.#sender.stop();
    this.#typing.clear();
    this.#following.stop();
  }

  #taken(frame: DurableFrame): void {
    if (frame.type === "new_message") this.#said(frame.message);
    if (frame.type === "message_deleted" && this.#unread > 0) this.around.countUnread();
  }

  #said(message: MessageOut): void {
    if (message.sender) this.#typing.ended(message.sender.id);
    if (message.sender?.id !== this.around.userId()) {
      if (message.sender && !message.is_deleted) this.#unread++;
      this.around.countUnread();
    } else if (message.client_id !== null) {
      const { id: message_id, seq, created_at } = message;
      this.#sender.stored(message.client_id, () => ({ type: "ack", ref: "", message_id, seq, created_at }));
    }
  }

  async #ask(frame: Parameters<Surroundings["connection"]["ask"]>[0]): Promise<unknown> {
    const answer = await this.around.connection.ask({ ...frame, conversation_id: this.id });
    this.#following.expectEvents();
    return answer;
  }

  #changed(): void {
    this.state = this.#now();
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const fn of this.#subscribers) fn();
    });
  }

  #now(): ConversationState {
    const { status, replica, hasOlder } = this.#following;
    return {
      status,
      conversation: replica?.conversation,
      participants: replica?.members() ?? NOBODY,
      messages: replica?.ordered() ?? NOTHING,
      pending: this.#sender.pending,
      unread: this.#unread,
      typing: this.#typing.names,
      hasOlder,
    };
  }
}
