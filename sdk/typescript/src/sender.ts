// Sends the messages of one conversation in order, one at a time, and retries each until it is stored or rejected.

import type { Connection } from "./connection.js";
import { ChatError } from "./errors.js";
import type { SendMessageAck } from "./generated/frames.js";
import type { OutboxEntry, OutboxStore } from "./outbox.js";

/** A message that is not stored yet; with `failed` if the service has rejected it. */
export type PendingMessage = OutboxEntry;

interface QueuedMessage {
  entry: PendingMessage;
  resolve(ack: SendMessageAck): void;
  reject(error: unknown): void;
}

// The outcome is unknown, or a later attempt can succeed.
const RETRYABLE_CODES = new Set(["connection_lost", "unavailable", "rate_limited", "internal_error"]);
const DEFAULT_RETRY_S = 1;

export class Sender {
  readonly #queue: QueuedMessage[] = [];
  #failed: PendingMessage[] = [];
  #pending: readonly PendingMessage[] = [];
  #isSending = false;
  #isReady = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly outbox: OutboxStore,
    private readonly onChange: () => void,
  ) {}

  /** Queued messages, oldest first, then failed ones. The same array until one of them changes. */
  get pending(): readonly PendingMessage[] {
    return this.#pending;
  }

  /** Queues a message. Resolves when it is stored. */
  send(entry: OutboxEntry): Promise<SendMessageAck> {
    // If the outbox is not writable (private browsing, no space) the message is sent anyway.
    return this.#enqueue(entry, this.outbox.put(entry).catch(() => {}));
  }

  /** Queues an entry that the outbox has kept over a reload. A failed entry waits for `retry` or `discard`. */
  resume(entry: OutboxEntry): Promise<SendMessageAck> | undefined {
    // After `stop` and `start` the messages are still here.
    if (this.#pending.some((known) => known.clientId === entry.clientId)) return undefined;
    if (entry.failed === undefined) return this.#enqueue(entry, Promise.resolve());
    this.#failed.push(entry);
    this.#notify();
    return undefined;
  }

  /** Sends only while the conversation is subscribed. */
  setReady(isReady: boolean): void {
    this.#isReady = isReady;
    if (isReady) this.#sendNext();
  }

  /** A message of this user has arrived as an event, so it is stored even if its ack was lost. */
  onStored(clientId: string, ack: () => SendMessageAck): void {
    const index = this.#queue.findIndex((message) => message.entry.clientId === clientId);
    if (index >= 0) this.#settle(index, ack());
    // The first attempt was stored, only its ack was lost; then a second attempt was rejected.
    else if (this.#failed.some((entry) => entry.clientId === clientId)) this.discard(clientId);
  }

  /** Sends a failed message again, with the same `client_id`. */
  retry(clientId: string): Promise<SendMessageAck> {
    const found = this.#failed.find((entry) => entry.clientId === clientId);
    if (!found) return Promise.reject(new ChatError("not_found", "no failed message has this client_id"));
    this.#failed = this.#failed.filter((entry) => entry !== found);
    const { failed, ...entry } = found;
    return this.send(entry);
  }

  /** Removes a failed message. */
  discard(clientId: string): void {
    this.#failed = this.#failed.filter((entry) => entry.clientId !== clientId);
    void this.outbox.remove(clientId).catch(() => {});
    this.#notify();
  }

  stop(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#isReady = false;
  }

  #enqueue(entry: OutboxEntry, saved: Promise<void>): Promise<SendMessageAck> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, resolve, reject });
      this.#notify();
      void saved.then(() => this.#sendNext());
    });
  }

  #sendNext(): void {
    const message = this.#queue[0];
    if (!message || this.#isSending || !this.#isReady) return;
    const { clientId, conversationId, draft } = message.entry;
    this.#isSending = true;
    this.connection
      .request({ type: "send_message", conversation_id: conversationId, client_id: clientId, ...draft })
      .then(
        (ack) => this.#onAnswer(message, () => this.#settle(this.#queue.indexOf(message), ack as SendMessageAck)),
        (error) => this.#onAnswer(message, () => this.#onError(message, error as ChatError)),
      );
  }

  #onAnswer(message: QueuedMessage, handle: () => void): void {
    this.#isSending = false;
    if (this.#queue.includes(message)) handle();
    if (this.#retryTimer === undefined) this.#sendNext();
  }

  #settle(index: number, ack: SendMessageAck): void {
    const [settled] = this.#queue.splice(index, 1);
    if (!settled) return;
    void this.outbox.remove(settled.entry.clientId).catch(() => {});
    settled.resolve(ack);
    this.#notify();
  }

  #onError(message: QueuedMessage, error: ChatError): void {
    if (RETRYABLE_CODES.has(error.code)) {
      clearTimeout(this.#retryTimer);
      const delay = error.code === "connection_lost" ? 0 : (error.retryAfterSeconds ?? DEFAULT_RETRY_S);
      this.#retryTimer = setTimeout(() => {
        this.#retryTimer = undefined;
        this.#sendNext();
      }, delay * 1000);
      return;
    }
    this.#queue.splice(this.#queue.indexOf(message), 1);
    const failed = { ...message.entry, failed: error.code };
    this.#failed.push(failed);
    void this.outbox.put(failed).catch(() => {});
    message.reject(error);
    this.#notify();
  }

  #notify(): void {
    this.#pending = [...this.#queue.map((message) => message.entry), ...this.#failed];
    this.onChange();
  }
}
