// The presence of the users who share a conversation with the signed-in user.

import { ChangeTracker } from "./freshness.js";
import type { ConversationOut, PresenceSignal } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { MAX_PAGE, loadPresence } from "./inbox-api.js";
import { RetryLoop } from "./retry-loop.js";

export type Presence = Pick<PresenceSignal, "online" | "last_seen">;

export class PresenceStore {
  /** By user id. */
  presence: ReadonlyMap<string, Presence> = new Map();
  readonly #changes = new ChangeTracker();
  readonly #requested = new Set<string>();
  readonly #loading = new RetryLoop((isCurrent) => this.#load(isCurrent));

  constructor(
    private readonly client: Client,
    private readonly onChange: () => void,
  ) {}

  onSignal(signal: PresenceSignal): void {
    this.#changes.changed(signal.user_id);
    this.presence = new Map(this.presence).set(signal.user_id, signal);
  }

  /** Loads the presence of all participants of these conversations, and retries until that succeeds. */
  request(conversations: Iterable<ConversationOut>): void {
    for (const { participants } of conversations) for (const { user } of participants) this.#requested.add(user.id);
    this.#loading.start();
  }

  /** Stops loading until the next `request`. */
  pause(): void {
    this.#loading.stop();
  }

  async #load(isCurrent: () => boolean): Promise<void> {
    while (this.#requested.size > 0) {
      const userIds = [...this.#requested].slice(0, MAX_PAGE);
      const hasChanged = this.#changes.begin();
      const loaded = await loadPresence(this.client, userIds);
      if (!isCurrent()) return;
      const presence = new Map(this.presence);
      for (const { user_id, online, last_seen } of loaded) {
        if (!hasChanged(user_id)) presence.set(user_id, { online, last_seen });
      }
      this.presence = presence;
      for (const userId of userIds) this.#requested.delete(userId);
      this.onChange();
    }
  }
}
