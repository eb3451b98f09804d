// Typing signals of one conversation: throttles those of this user, and expires those of others.

import type { Connection } from "./connection.js";
import type { TypingSignal } from "./generated/frames.js";

const MIN_INTERVAL_MS = 3_000;
const IDLE_MS = 5_000;
const EXPIRY_MS = 7_000;

export class TypingIndicator {
  readonly #others = new Map<string, { name: string; expiry: ReturnType<typeof setTimeout> }>();
  /** When the last `is_typing: true` was sent; 0 after `is_typing: false`. */
  #sentAt = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly conversationId: string,
    private readonly connection: Connection,
    private readonly onChange: () => void,
  ) {}

  get names(): string[] {
    return [...this.#others.values()].map((other) => other.name);
  }

  notify(): void {
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => this.#send(false), IDLE_MS);
    if (Date.now() - this.#sentAt >= MIN_INTERVAL_MS) this.#send(true);
  }

  /** This user has sent the message. */
  onMessageSent(): void {
    clearTimeout(this.#idleTimer);
    if (this.#sentAt > 0) this.#send(false);
  }

  onSignal(signal: TypingSignal): void {
    this.#delete(signal.user_id);
    if (signal.is_typing) {
      const expiry = setTimeout(() => this.remove(signal.user_id), EXPIRY_MS);
      this.#others.set(signal.user_id, { name: signal.username, expiry });
    }
    this.onChange();
  }

  /** The user has stopped typing. */
  remove(userId: string): void {
    if (this.#delete(userId)) this.onChange();
  }

  clear(): void {
    clearTimeout(this.#idleTimer);
    this.#sentAt = 0;
    for (const userId of [...this.#others.keys()]) this.remove(userId);
  }

  #delete(userId: string): boolean {
    clearTimeout(this.#others.get(userId)?.expiry);
    return this.#others.delete(userId);
  }

  #send(isTyping: boolean): void {
    this.#sentAt = isTyping ? Date.now() : 0;
    this.connection.send({ type: "typing", conversation_id: this.conversationId, is_typing: isTyping });
  }
}
