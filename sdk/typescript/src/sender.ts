// Sends the messages of one conversation, one after the other, until each is stored or refused for good.

import type { Connection } from "./connection.js";
import { ChatError } from "./errors.js";
import type { SendMessageAck } from "./generated/frames.js";
import type { OutboxEntry, OutboxStore } from "./outbox.js";

/** A message on its way, as a page shows it. */
export interface PendingMessage extends OutboxEntry {
  /** Set where it was refused for good: the code. */
  readonly failed?: string;
}

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
  #isSending = false;
  #isReady = false;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly outbox: OutboxStore,
    private readonly changed: () => void,
  ) {}

  /** Everything that is not stored yet, oldest first. */
  get pending(): PendingMessage[] {
    return [...this.#waiting.map((one) => one.entry), ...this.#failed];
  }

  /** Takes a message on; resolves once it is stored. `isKept`: it is in the outbox already. */
  send(entry: OutboxEntry, isKept = false): Promise<SendMessageAck> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject });
      this.changed();
      const kept = isKept ? Promise.resolve() : this.outbox.put(entry);
      // Where it cannot be kept (private mode, no space) it is sent all the same.
      kept.then(() => this.#next(), () => this.#next());
    });
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
    this.changed();
  }

  stop(): void {
    clearTimeout(this.#pause);
    this.#isReady = false;
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
    void this.outbox.remove(settled.entry.clientId);
    settled.resolve(ack);
    this.changed();
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
    this.#failed.push({ ...first.entry, failed: error.code });
    void this.outbox.remove(first.entry.clientId);
    first.reject(error);
    this.changed();
  }
}
