// Sends the messages of one conversation, one after the other, until each is stored or refused for good.

import type { Connection } from "./connection.js";
import { ChatError } from "./errors.js";
import type { SendMessageAck } from "./generated/frames.js";
import type { OutboxEntry, OutboxStore } from "./outbox.js";

/** A message on its way, or refused, as a page shows it. */
export type PendingMessage = OutboxEntry;

interface Waiting {
  entry: PendingMessage;
  resolve(ack: SendMessageAck): void;
  reject(error: unknown): void;
}

// The outcome is unknown, or another moment may do.
const TRY_AGAIN = new Set(["connection_lost", "unavailable", "rate_limited", "internal_error"]);
const RETRY_S = 1;

export class Sender {
  readonly #waiting: Waiting[] = [];
  #failed: PendingMessage[] = [];
  #pending: readonly PendingMessage[] = [];
  #isSending = false;
  #isReady = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly outbox: OutboxStore,
    private readonly told: () => void,
  ) {}

  /** Everything that is not stored yet, oldest first; the same array while nothing of it changes. */
  get pending(): readonly PendingMessage[] {
    return this.#pending;
  }

  /** Takes a message on; resolves once it is stored. */
  send(entry: OutboxEntry): Promise<SendMessageAck> {
    // Where it cannot be kept (private mode, no space) it is sent all the same.
    return this.#queue(entry, this.outbox.put(entry).catch(() => {}));
  }

  /** Takes up what the outbox has kept over a reload; one that was refused waits for somebody to decide. */
  resume(entry: OutboxEntry): Promise<SendMessageAck> | undefined {
    if (entry.failed === undefined) return this.#queue(entry, Promise.resolve());
    this.#failed.push(entry);
    this.#changed();
    return undefined;
  }

  /** The conversation is followed, or is not. */
  ready(isReady: boolean): void {
    this.#isReady = isReady;
    if (isReady) this.#next();
  }

  /** The service has told of a message: it is stored, even if its ack was lost. */
  stored(clientId: string, ack: () => SendMessageAck): void {
    const at = this.#waiting.findIndex((one) => one.entry.clientId === clientId);
    if (at >= 0) this.#settle(at, ack());
    // Refused at a second try, though the first was stored and only its answer lost.
    else if (this.#failed.some((entry) => entry.clientId === clientId)) this.discard(clientId);
  }

  /** Sends a failed one again, as the same message. */
  retry(clientId: string): Promise<SendMessageAck> {
    const found = this.#failed.find((entry) => entry.clientId === clientId);
    if (!found) return Promise.reject(new ChatError("not_found", "no failed message has this client_id"));
    this.#failed = this.#failed.filter((entry) => entry !== found);
    const { failed, ...entry } = found;
    return this.send(entry);
  }

  /** Takes a failed one away. */
  discard(clientId: string): void {
    this.#failed = this.#failed.filter((entry) => entry.clientId !== clientId);
    void this.outbox.remove(clientId).catch(() => {});
    this.#changed();
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#isReady = false;
  }

  #queue(entry: OutboxEntry, kept: Promise<void>): Promise<SendMessageAck> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.#changed();
      void kept.then(() => this.#next());
    });
  }

  #next(): void {
    const first = this.#waiting[0];
    if (!first || this.#isSending || !this.#isReady) return;
    const { clientId, conversationId, draft } = first.entry;
    this.#isSending = true;
    this.connection
      .ask({ type: "send_message", conversation_id: conversationId, client_id: clientId, ...draft })
      .then(
        (ack) => this.#answered(first, () => this.#settle(this.#waiting.indexOf(first), ack as SendMessageAck)),
        (error) => this.#answered(first, () => this.#refused(first, error as ChatError)),
      );
  }

  #answered(first: Waiting, act: () => void): void {
    this.#isSending = false;
    if (this.#waiting.includes(first)) act();
    if (this.#pause === undefined) this.#next();
  }

  #settle(at: number, ack: SendMessageAck): void {
    const [settled] = this.#waiting.splice(at, 1);
    if (!settled) return;
    void this.outbox.remove(settled.entry.clientId).catch(() => {});
    settled.resolve(ack);
    this.#changed();
  }

  #refused(first: Waiting, error: ChatError): void {
    if (TRY_AGAIN.has(error.code)) {
      clearTimeout(this.#pause);
      const wait = error.code === "connection_lost" ? 0 : (error.retryAfterSeconds ?? RETRY_S);
      this.#pause = setTimeout(() => {
        this.#pause = undefined;
        this.#next();
      }, wait * 1000);
      return;
    }
    this.#waiting.splice(this.#waiting.indexOf(first), 1);
    const failed = { ...first.entry, failed: error.code };
    this.#failed.push(failed);
    void this.outbox.put(failed).catch(() => {});
    first.reject(error);
    this.#changed();
  }

  #changed(): void {
    this.#pending = [...this.#waiting.map((one) => one.entry), ...this.#failed];
    this.told();
  }
}
