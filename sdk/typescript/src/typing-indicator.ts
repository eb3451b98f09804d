// Who types, both ways: one's own keys are passed on now and then, others' signals end by themselves.

import type { Connection } from "./connection.js";
import type { TypingSignal } from "./generated/frames.js";

const EVERY_MS = 3_000;
const IDLE_MS = 5_000;
const FORGET_MS = 7_000;

export class Typing {
  readonly #others = new Map<string, { name: string; end: ReturnType<typeof setTimeout> }>();
  #saidAt = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly conversationId: string,
    private readonly connection: Connection,
    private readonly changed: () => void,
  ) {}

  get names(): string[] {
    return [...this.#others.values()].map((one) => one.name);
  }

  type(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#say(false), IDLE_MS);
    if (Date.now() - this.#saidAt >= EVERY_MS) this.#say(true);
  }

  /** What was typed is sent; the message itself ends the signal. */
  sent(): void {
    clearTimeout(this.#idle);
    if (this.#saidAt > 0) this.#say(false);
  }

  heard(signal: TypingSignal): void {
    this.#end(signal.user_id);
    if (signal.is_typing) {
      const end = setTimeout(() => this.ended(signal.user_id), FORGET_MS);
      this.#others.set(signal.user_id, { name: signal.username, end });
    }
    this.changed();
  }

  ended(userId: string): void {
    if (this.#end(userId)) this.changed();
  }

  clear(): void {
    clearTimeout(this.#idle);
    this.#saidAt = 0;
    for (const userId of [...this.#others.keys()]) this.ended(userId);
  }

  #end(userId: string): boolean {
    clearTimeout(this.#others.get(userId)?.end);
    return this.#others.delete(userId);
  }

  #say(isTyping: boolean): void {
    this.#saidAt = isTyping ? Date.now() : 0;
    this.connection.say({ type: "typing", conversation_id: this.conversationId, is_typing: isTyping });
  }
}
