// Everything a user has beside the conversation they look at: the list of conversations with what is unread in each,
// who is online, and notifications. Loaded at every connection, then kept by the socket of notifications.

import { Connection, type ConnectionState, type WebSocketMaker } from "./connection.js";
import type { ConversationOut, NotificationOut, PresenceSignal, ServerFrame } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import {
  archiveConversation,
  getConversation,
  listConversations,
  listNotifications,
  listPresence,
  markAllNotificationsRead,
  markNotificationRead,
  unarchiveConversation,
} from "./generated/rest/sdk.gen.js";
import { result } from "./rest.js";
import type { Tokens } from "./token.js";

export type Presence = Pick<PresenceSignal, "online" | "last_seen">;

/** What is known of a user's inbox at one moment. A new object after every change. */
export interface InboxState {
  readonly isLoaded: boolean;
  /** Newest activity first, archived ones among them. */
  readonly conversations: readonly ConversationOut[];
  /** Unread messages in all. */
  readonly unread: number;
  /** Newest first. */
  readonly notifications: readonly NotificationOut[];
  /** By user id, of those who share a conversation with the user. */
  readonly presence: ReadonlyMap<string, Presence>;
}

const LIMIT = 100;
const MOST_PAGES = 10;
const GATHER_MS = 150;

export class Inbox {
  state: InboxState;
  readonly #connection: Connection;
  #conversations = new Map<string, ConversationOut>();
  #notifications: NotificationOut[] = [];
  #presence = new Map<string, Presence>();
  #counts: Readonly<Record<string, number>> | undefined;
  #total = 0;
  #isLoaded = false;
  readonly #stale = new Set<string>();
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #isTelling = false;
  readonly #subscribers = new Set<() => void>();

  constructor(
    url: string,
    private readonly client: Client,
    tokens: Tokens,
    make: WebSocketMaker,
  ) {
    const events = {
      opened: () => void this.#load(),
      lost: () => {},
      frame: (frame: ServerFrame) => this.#hear(frame),
      changed: () => this.#changed(),
    };
    this.#connection = new Connection(url, tokens, events, make);
    this.state = this.#now();
  }

  get connection(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#connection.start();
  }

  stop(): void {
    clearTimeout(this.#gathering);
    this.#connection.stop();
  }

  /** Calls `fn` after every change; gives what ends that. */
  subscribe(fn: () => void): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
  }

  /** Takes a conversation in as the service has just shown it. */
  take(conversation: ConversationOut): void {
    this.#conversations.set(conversation.id, conversation);
    this.#changed();
  }

  /** Something happened in a conversation that this socket does not tell of: load it again, soon. */
  touch(id: string): void {
    this.#stale.add(id);
    this.#gathering ??= setTimeout(() => void this.#refresh(), GATHER_MS);
  }

  /** Puts a conversation away, for oneself, until its next message; or takes it back. */
  async archive(id: string, isArchived: boolean): Promise<void> {
    const call = isArchived ? archiveConversation : unarchiveConversation;
    this.take(await result(call({ client: this.client, path: { conversation_id: id } })));
  }

  async markNotification(id: string): Promise<void> {
    const marked = await result(markNotificationRead({ client: this.client, path: { notification_id: id } }));
    this.#notifications = this.#notifications.map((one) => (one.id === id ? marked : one));
    this.#changed();
  }

  async markAllNotifications(): Promise<void> {
    await result(markAllNotificationsRead({ client: this.client }));
    this.#notifications = this.#notifications.map((one) => ({ ...one, is_read: true }));
    this.#changed();
  }

  async #load(): Promise<void> {
    const { client } = this;
    try {
      const [open, archived, notifications] = await Promise.all([
        this.#list(false),
        this.#list(true),
        result(listNotifications({ client, query: { limit: 50 } })),
      ]);
      this.#conversations = new Map([...open, ...archived].map((one) => [one.id, one]));
      this.#notifications = notifications.results;
      this.#isLoaded = true;
      if (this.#counts) this.#count(this.#counts);
      this.#changed();
      await this.#lookWhoIsThere();
    } catch {
      // The next connection loads again; what is known stays.
    }
  }

  async #list(archived: boolean): Promise<ConversationOut[]> {
    const found: ConversationOut[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query: { archived: boolean; limit: number; cursor?: string } = { archived, limit: LIMIT };
      if (cursor !== null) query.cursor = cursor;
      const answer: { results: ConversationOut[]; next: string | null } = await result(
        listConversations({ client: this.client, query }),
      );
      found.push(...answer.results);
      cursor = answer.next;
      if (cursor === null) break;
    }
    return found;
  }

  async #lookWhoIsThere(): Promise<void> {
    const people = [...this.#conversations.values()].flatMap((one) => one.participants.map(({ user }) => user.id));
    const ids = [...new Set(people)].slice(0, LIMIT);
    if (ids.length === 0) return;
    const answer = await result(listPresence({ client: this.client, query: { user_ids: ids.join(",") } }));
    this.#presence = new Map(answer.results.map(({ user_id, online, last_seen }) => [user_id, { online, last_seen }]));
    this.#changed();
  }

  #hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "unread_counts":
        this.#total = frame.total;
        this.#count(frame.conversations);
        break;
      case "conversation_added":
      case "conversation_updated":
        if ("participants" in frame.conversation) this.#conversations.set(frame.conversation.id, frame.conversation);
        if (frame.type === "conversation_added") void this.#lookWhoIsThere().catch(() => {});
        break;
      case "conversation_removed":
        this.#conversations.delete(frame.conversation_id);
        break;
      case "presence":
        this.#presence = new Map(this.#presence).set(frame.user_id, frame);
        break;
      case "notification":
        this.#notifications = [frame.notification, ...this.#notifications.filter((one) => one.id !== frame.notification.id)];
        this.touch(frame.notification.conversation);
        break;
      default:
        return;
    }
    this.#changed();
  }

  /** Counts of the service. A count that rose means a message that is not in the list yet. */
  #count(counts: Readonly<Record<string, number>>): void {
    this.#counts = counts;
    for (const [id, one] of this.#conversations) {
      const unread = counts[id] ?? 0;
      if (unread === one.unread_count) continue;
      if (unread > one.unread_count) this.touch(id);
      this.#conversations.set(id, { ...one, unread_count: unread });
    }
    const isRead = (told: NotificationOut) => told.is_read || !counts[told.conversation];
    this.#notifications = this.#notifications.map((told) => ({ ...told, is_read: isRead(told) }));
  }

  async #refresh(): Promise<void> {
    this.#gathering = undefined;
    const ids = [...this.#stale];
    this.#stale.clear();
    const load = (conversation_id: string) => result(getConversation({ client: this.client, path: { conversation_id } }));
    // One that cannot be loaded is gone, which this socket tells of, or comes with the next connection.
    await Promise.all(ids.map((id) => load(id).then((one) => this.take(one), () => {})));
  }

  #changed(): void {
    this.state = this.#now();
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const fn of this.#subscribers) fn();
    });
  }

  #now(): InboxState {
    const activity = (one: ConversationOut) => one.last_message?.created_at ?? one.updated_at;
    const conversations = [...this.#conversations.values()].sort((one, other) =>
      activity(other).localeCompare(activity(one)),
    );
    return {
      isLoaded: this.#isLoaded,
      conversations,
      unread: this.#total,
      notifications: this.#notifications,
      presence: this.#presence,
    };
  }
}
