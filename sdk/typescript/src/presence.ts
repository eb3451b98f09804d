// Who of those that share a conversation with the user is there.

import type { ConversationOut, PresenceSignal } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { MOST, loadPresence } from "./inbox-pages.js";
import { Insistent } from "./insistent.js";
import { News } from "./news.js";

export type Presence = Pick<PresenceSignal, "online" | "last_seen">;

export class People {
  presence: ReadonlyMap<string, Presence> = new Map();
  readonly #news = new News();
  readonly #unknown = new Set<string>();
  readonly #looking = new Insistent((isWanted) => this.#look(isWanted));

  constructor(
    private readonly client: Client,
    private readonly changed: () => void,
  ) {}

  heard(signal: PresenceSignal): void {
    this.#news.hear(signal.user_id);
    this.presence = new Map(this.presence).set(signal.user_id, signal);
  }

  /** Asks for everybody in these conversations, until it is answered. */
  lookFor(conversations: Iterable<ConversationOut>): void {
    for (const one of conversations) for (const { user } of one.participants) this.#unknown.add(user.id);
    this.#looking.begin();
  }

  /** Asks no more: there is no connection. */
  rest(): void {
    this.#looking.end();
  }

  async #look(isWanted: () => boolean): Promise<void> {
    while (this.#unknown.size > 0) {
      const ids = [...this.#unknown].slice(0, MOST);
      const isNews = this.#news.ask();
      const found = await loadPresence(this.client, ids);
      if (!isWanted()) return;
      const presence = new Map(this.presence);
      for (const { user_id, online, last_seen } of found) {
        if (!isNews(user_id)) presence.set(user_id, { online, last_seen });
      }
      this.presence = presence;
      for (const id of ids) this.#unknown.delete(id);
      this.changed();
    }
  }
}
