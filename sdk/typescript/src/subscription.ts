// Keeps the copy of a conversation in step with the service: loads it, follows from where it stands, fills gaps, and loads
// afresh where that is asked for. What a page does with the copy is not known here.

import { type ChatError, problemOf } from "./errors.js";
import { type DurableFrame, Replica } from "./replica.js";
import type { Surroundings } from "./surroundings.js";

export type ConversationStatus = "loading" | "live" | "away" | "gone";

export interface FollowingEvents {
  /** A snapshot is there, with so many unread. */
  loaded(unread: number): void;
  /** A frame was applied to the copy. */
  taken(frame: DurableFrame): void;
  /** Removed from it, or there is none. */
  gone(): void;
  changed(): void;
}

const BEHIND_MS = 2_000;
const RELOAD_MS = 1_000;

export class Following {
  status: ConversationStatus = "loading";
  replica: Replica | undefined;
  hasOlder = false;
  #isAsking = false;
  #isLoading = false;
  #held: DurableFrame[] = [];
  #behind: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly id: string,
    private readonly around: Surroundings,
    private readonly events: FollowingEvents,
  ) {}

  get last(): number {
    return this.replica?.last ?? 0;
  }

  async follow(): Promise<void> {
    if (this.#isAsking || this.status === "gone") return;
    this.#isAsking = true;
    try {
      if (!this.replica) await this.#load();
      // Where the copy ends after the question was asked, frames from before it are known and ignored.
      await this.around.connection.ask({ type: "subscribe", conversation_id: this.id, after_seq: this.last });
    } catch (error) {
      this.#notFollowed(error as ChatError);
    } finally {
      this.#isAsking = false;
    }
  }

  /** The service has begun to tell; `reads` is how far each has read. */
  begun(reads: Readonly<Record<string, number>>): void {
    for (const [user, seq] of Object.entries(reads)) this.replica?.read(user, [], seq);
    this.#become("live");
  }

  lost(): void {
    clearTimeout(this.#behind);
    if (this.status === "live") this.#become("away");
  }

  take(frame: DurableFrame): void {
    if (this.#isLoading || !this.replica) {
      this.#held.push(frame);
      return;
    }
    const applied = this.replica.apply(frame);
    if (applied === "gap") void this.follow();
    if (applied !== "taken") return;
    this.events.taken(frame);
    this.events.changed();
  }

  async loadOlder(): Promise<void> {
    const first = this.replica?.ordered()[0];
    if (!this.replica || !first || !this.hasOlder) return;
    const page = await this.around.loadMessages(this.id, first.seq);
    for (const message of page.results) this.replica.take(message);
    this.hasOlder = page.next !== null;
    this.events.changed();
  }

  /** Loads afresh while frames come in; those are applied on top of what was loaded. */
  async reload(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      await this.#load();
    } catch (error) {
      this.#notFollowed(error as ChatError);
      return;
    } finally {
      this.#isLoading = false;
      const held = this.#held.splice(0);
      for (const frame of held) this.take(frame);
    }
    if (this.status !== "live") void this.follow();
  }

  /** What was answered is in the log. If nothing of it comes, a frame was lost on the way. */
  expectEvents(): void {
    const before = this.last;
    clearTimeout(this.#behind);
    this.#behind = setTimeout(() => this.last === before && this.status === "live" && void this.follow(), BEHIND_MS);
  }

  /** It is gone for whoever follows. */
  end(): void {
    this.events.gone();
    this.#become("gone");
  }

  stop(): void {
    clearTimeout(this.#behind);
  }

  async #load(): Promise<void> {
    const [detail, page] = await Promise.all([this.around.loadConversation(this.id), this.around.loadMessages(this.id)]);
    this.replica = new Replica(detail, page.results, Math.min(detail.last_seq, page.last_seq ?? detail.last_seq));
    this.hasOlder = page.next !== null;
    this.events.loaded(detail.unread_count);
    this.events.changed();
  }

  #notFollowed(error: ChatError): void {
    const { code } = error.name === "ChatError" ? error : problemOf(undefined);
    if (code === "not_found" || code === "act_as_required") this.end();
    else if (code !== "connection_lost") setTimeout(() => this.around.connection.state === "open" && void this.follow(), RELOAD_MS);
  }

  #become(status: ConversationStatus): void {
    this.status = status;
    this.events.changed();
  }
}
