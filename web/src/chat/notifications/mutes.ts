// The conversations that the user has muted, for the marks in the list and above a conversation.

import { type Chat, unwrap } from "@wasgo/chat";
import { listMutedConversations } from "@wasgo/chat/rest";
import { Writable } from "../../shared/store.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The end of each mute, by conversation. Loaded on each connection. */
export class Mutes extends Writable<ReadonlyMap<string, number>> {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wasOpen = false;

  constructor(private readonly chat: Chat) {
    super(new Map());
    chat.subscribe(() => this.#onConnection());
    this.#onConnection();
  }

  /** The user has muted a conversation, or unmuted it. */
  put(id: string, until: string | null | undefined): void {
    const mutes = new Map(this.state);
    if (until) mutes.set(id, Date.parse(until));
    else mutes.delete(id);
    this.#update(mutes);
  }

  #onConnection(): void {
    const isOpen = this.chat.state === "open";
    if (isOpen && !this.#wasOpen) void this.#load();
    this.#wasOpen = isOpen;
    if (this.chat.state === "stopped") clearTimeout(this.#timer);
  }

  async #load(): Promise<void> {
    const loaded = await unwrap(listMutedConversations({ client: this.chat.client })).catch(() => undefined);
    // After a failure, as without the feature, the marks stay as they are until the next connection.
    if (loaded) this.#update(new Map(Object.entries(loaded.conversations).map(([id, until]) => [id, Date.parse(until)])));
  }

  /** Sets what has not ended yet, and removes the next one when it ends. */
  #update(mutes: ReadonlyMap<string, number>): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    const current = new Map([...mutes].filter(([, until]) => until > now));
    if (current.size > 0) {
      const wait = Math.min(...current.values()) - now;
      this.#timer = setTimeout(() => this.#update(this.state), Math.min(wait, MAX_TIMER_MS));
    }
    this.set(current);
  }
}
