// Keeps the local replica of a conversation in sync with the service: loads a snapshot, subscribes from its last seq, fills
// gaps, and reloads the snapshot when the service requests a resync.

import type { ConversationContext, MessagesPage, MessagesPosition } from "./context.js";
import { type ChatError, errorFromProblem } from "./errors.js";
import { type EventFrame, Replica } from "./replica.js";

/** `live`: in sync. `offline`: not connected. `gone`: the user was removed, or there is no such conversation. */
export type ConversationStatus = "loading" | "live" | "offline" | "gone";

export interface SubscriptionEvents {
  /** A snapshot was loaded. */
  onLoad(unreadCount: number): void;
  /** An event was applied to the replica. */
  onEvent(frame: EventFrame): void;
  /** The status is `gone` from now on. */
  onGone(): void;
  onChange(): void;
}

const GAP_CHECK_MS = 2_000;
const RETRY_MS = 1_000;

export class ConversationSubscription {
  status: ConversationStatus = "loading";
  replica: Replica | undefined;
  /** The epoch of the log that the replica was loaded from. */
  #epoch: string | undefined;
  #isSubscribing = false;
  #isReloading = false;
  /** Events received before the snapshot they apply to. */
  #buffered: EventFrame[] = [];
  #gapCheckTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly id: string,
    private readonly context: ConversationContext,
    private readonly events: SubscriptionEvents,
  ) {}

  get lastSeq(): number {
    return this.replica?.lastSeq ?? 0;
  }

  /** Subscribes from the last seq of the replica. Loads a snapshot first if there is none. */
  async subscribe(): Promise<void> {
    if (this.#isSubscribing || this.status === "gone") return;
    this.#isSubscribing = true;
    try {
      if (!this.replica) await this.#load();
      // Events may arrive before the answer. Those that the replica has already are ignored as duplicates.
      const frame = { type: "subscribe", conversation_id: this.id, after_seq: this.lastSeq } as const;
      await this.context.connection.request(this.#epoch === undefined ? frame : { ...frame, epoch: this.#epoch });
    } catch (error) {
      this.#onSubscribeError(error as ChatError);
    } finally {
      this.#isSubscribing = false;
    }
  }

  /** The service has confirmed the subscription. `reads` is the last read seq of each user. */
  onSubscribed(reads: Readonly<Record<string, number>>): void {
    for (const [userId, seq] of Object.entries(reads)) this.replica?.markRead(userId, [], seq);
    this.#setStatus("live");
  }

  onDisconnect(): void {
    clearTimeout(this.#gapCheckTimer);
    if (this.status === "live") this.#setStatus("offline");
  }

  onEvent(frame: EventFrame): void {
    if (this.#isReloading || !this.replica) {
      this.#buffered.push(frame);
      return;
    }
    const result = this.replica.apply(frame);
    if (result === "gap") void this.subscribe();
    if (result !== "applied") return;
    this.events.onEvent(frame);
    this.events.onChange();
  }

  loadOlder(): Promise<void> {
    const { replica } = this;
    const oldest = replica?.orderedMessages()[0];
    if (!replica?.hasOlder || !oldest) return Promise.resolve();
    return this.#loadPage({ before_seq: oldest.seq }, ({ results, next }) => {
      if (replica.orderedMessages()[0]?.seq === oldest.seq) replica.addOlder(results, next !== null);
    });
  }

  loadNewer(): Promise<void> {
    const { replica } = this;
    const newest = replica?.orderedMessages().at(-1);
    if (!replica?.hasNewer || !newest) return Promise.resolve();
    return this.#loadPage({ after_seq: newest.seq }, ({ results, next }) => {
      if (replica.orderedMessages().at(-1)?.seq === newest.seq) replica.addNewer(results, next !== null);
    });
  }

  loadAround(seq: number): Promise<void> {
    const { replica } = this;
    return this.#loadPage({ around_seq: seq }, ({ results, next, previous }) => {
      replica?.showPart(results, next !== null, (previous ?? null) !== null);
    });
  }

  showNewest(): void {
    this.replica?.showNewest();
    this.events.onChange();
  }

  /** Adds a page, unless the snapshot was replaced during the request. */
  async #loadPage(position: MessagesPosition, add: (page: MessagesPage) => void): Promise<void> {
    const { replica } = this;
    const page = await this.context.loadMessages(this.id, position);
    if (replica !== this.replica) return;
    if (page.epoch !== this.#epoch) return this.reload();
    add(page);
    this.events.onChange();
  }

  /** Loads a new snapshot. Events that arrive meanwhile are applied to it afterwards. */
  async reload(): Promise<void> {
    if (this.#isReloading) return;
    this.#isReloading = true;
    try {
      await this.#load();
    } catch (error) {
      this.#onSubscribeError(error as ChatError);
      return;
    } finally {
      this.#isReloading = false;
      const buffered = this.#buffered.splice(0);
      for (const frame of buffered) this.onEvent(frame);
    }
    if (this.status !== "live") void this.subscribe();
  }

  /** The service has acknowledged a change, so an event must follow. If none arrives in time, subscribes again to get it. */
  expectEvent(): void {
    const seq = this.lastSeq;
    clearTimeout(this.#gapCheckTimer);
    this.#gapCheckTimer = setTimeout(() => {
      if (this.lastSeq === seq && this.status === "live") void this.subscribe();
    }, GAP_CHECK_MS);
  }

  /** The user has no access to the conversation any more. */
  end(): void {
    this.events.onGone();
    this.#setStatus("gone");
  }

  stop(): void {
    clearTimeout(this.#gapCheckTimer);
  }

  async #load(): Promise<void> {
    const { context, id } = this;
    const [conversation, page] = await Promise.all([context.loadConversation(id), context.loadMessages(id)]);
    const lastSeq = Math.min(conversation.last_seq, page.last_seq ?? conversation.last_seq);
    this.replica = new Replica(conversation, page.results, lastSeq, page.next !== null);
    this.#epoch = page.epoch;
    this.events.onLoad(conversation.unread_count);
    this.events.onChange();
  }

  #onSubscribeError(error: ChatError): void {
    const { code } = error.name === "ChatError" ? error : errorFromProblem(undefined);
    if (code === "not_found" || code === "act_as_required") {
      this.end();
    } else if (code !== "connection_lost") {
      setTimeout(() => {
        if (this.context.connection.state === "open") void this.subscribe();
      }, RETRY_MS);
    }
  }

  #setStatus(status: ConversationStatus): void {
    this.status = status;
    this.events.onChange();
  }
}
