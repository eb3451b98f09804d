// Everything a user has beside the conversation they look at: the list of conversations with what is unread in each,
// who is online, and notifications. Loaded at every connection, then kept by the socket of notifications.

import { Connection, type ConnectionState, type WebSocketMaker } from "./connection.js";
import type { ConversationOut, NotificationOut, ServerFrame } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { archiveConversation, getConversation, unarchiveConversation } from "./generated/rest/sdk.gen.js";
import { loadConversations } from "./inbox-pages.js";
import { Insistent } from "./insistent.js";
import { News } from "./news.js";
import { Notifications } from "./notifications.js";
import { People, type Presence } from "./presence.js";
import type { ReadAfter } from "./read-after.js";
import { result } from "./rest.js";
import type { Tokens } from "./token.js";

/** `failed`: the list could not be loaded, what is known may be old, and it is tried again by itself. */
export type InboxStatus = "loading" | "loaded" | "failed";

/** What is known of a user's inbox at one moment. A new object after every change. */
export interface InboxState {
  readonly status: InboxStatus;
  /** Whether there is a list to show, were it an old one. */
  readonly isLoaded: boolean;
  /** Newest activity first, archived ones among them. */
  readonly conversations: readonly ConversationOut[];
  /** Unread messages in all. */
  readonly unread: number;
  /** Newest first. */
  readonly notifications: readonly NotificationOut[];
  /** Whether `loadMoreNotifications()` has more. */
  readonly hasMoreNotifications: boolean;
  /** By user id, of those who share a conversation with the user. */
  readonly presence: ReadonlyMap<string, Presence>;
}

const GATHER_MS = 150;

export class Inbox {
  state: InboxState;
  readonly #connection: Connection;
  #status: InboxStatus = "loading";
  #conversations = new Map<string, ConversationOut>();
  #counts: Readonly<Record<string, number>> | undefined;
  #total = 0;
  #isLoaded = false;
  readonly #news = new News();
  readonly #notifications: Notifications;
  readonly #people: People;
  readonly #loading = new Insistent((isWanted) => this.#load(isWanted), () => this.#become("failed"));
  readonly #stale: string[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #isTelling = false;
  readonly #subscribers = new Set<() => void>();

  constructor(
    url: string,
    private readonly client: Client,
    tokens: Tokens,
    make: WebSocketMaker,
    readAfter: ReadAfter,
  ) {
    this.#notifications = new Notifications(client);
    this.#people = new People(client, () => this.#changed());
    const events = {
      opened: () => this.reload(),
      lost: () => this.#rest(),
      frame: (frame: ServerFrame) => this.#hear(frame),
      changed: () => this.#changed(),
      spoke: () => readAfter.forget(),
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
    this.#rest();
    this.#connection.stop();
  }

  /** Calls `fn` after every change; gives what ends that. */
  subscribe(fn: () => void): () => void {
    this.#subscribers.add(fn);
    return () => this.#subscribers.delete(fn);
  }

  /** Loads everything again, at once. It is done at every connection, and until it succeeds. */
  reload(): void {
    this.#become("loading");
    this.#loading.begin();
  }

  /** Takes a conversation in as the service has just shown it. */
  take(conversation: ConversationOut): void {
    this.#news.hear(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    this.#changed();
  }

  /** Something happened in a conversation that this socket does not tell of: load it again, soon. */
  touch(id: string): void {
    if (!this.#stale.includes(id)) this.#stale.push(id);
    this.#gathering ??= setTimeout(() => void this.#refresh(), GATHER_MS);
  }

  /** Puts a conversation away, for oneself, until its next message; or takes it back. */
  async archive(id: string, isArchived: boolean): Promise<void> {
    const call = isArchived ? archiveConversation : unarchiveConversation;
    const isNews = this.#news.ask();
    this.#answered(await result(call({ client: this.client, path: { conversation_id: id } })), isNews);
  }

  /** Adds the next page of older notifications. */
  loadMoreNotifications(): Promise<void> {
    return this.#notifications.loadMore().then(() => this.#changed());
  }

  markNotification(id: string): Promise<void> {
    return this.#notifications.mark(id).then(() => this.#changed());
  }

  markAllNotifications(): Promise<void> {
    return this.#notifications.markAll().then(() => this.#changed());
  }

  async #load(isWanted: () => boolean): Promise<void> {
    const isNews = this.#news.ask();
    const [open, archived, takeNotifications] = await Promise.all([
      loadConversations(this.client, false),
      loadConversations(this.client, true),
      this.#notifications.load(),
    ]);
    if (!isWanted()) return;
    const found = new Map([...open, ...archived].map((one) => [one.id, one]));
    for (const id of new Set([...found.keys(), ...this.#conversations.keys()])) {
      if (!isNews(id)) continue;
      const known = this.#conversations.get(id);
      if (known) found.set(id, known);
      else found.delete(id);
    }
    this.#conversations = found;
    takeNotifications();
    this.#isLoaded = true;
    if (this.#counts) this.#count(this.#counts);
    this.#become("loaded");
    this.#people.lookFor(found.values());
  }

  #hear(frame: ServerFrame): void {
    switch (frame.type) {
      case "unread_counts":
        this.#total = frame.total;
        this.#count(frame.conversations);
        break;
      case "conversation_added":
      case "conversation_updated":
        if (!("participants" in frame.conversation)) break;
        this.take(frame.conversation);
        if (frame.type === "conversation_added") this.#people.lookFor([frame.conversation]);
        break;
      case "conversation_removed":
        this.#news.hear(frame.conversation_id);
        this.#conversations.delete(frame.conversation_id);
        break;
      case "presence":
        this.#people.heard(frame);
        break;
      case "notification":
        this.#notifications.heard(frame.notification);
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
    this.#notifications.counted(counts);
  }

  async #refresh(): Promise<void> {
    this.#gathering = undefined;
    const ids = this.#stale.splice(0);
    const isNews = this.#news.ask();
    const load = (conversation_id: string) => result(getConversation({ client: this.client, path: { conversation_id } }));
    // One that cannot be loaded is gone, which this socket tells of, or comes with the next connection.
    await Promise.all(ids.map((id) => load(id).then((one) => this.#answered(one, isNews), () => {})));
  }

  /** An answer may be of before what was heard meanwhile: then it is asked again, or, where it was removed, left so. */
  #answered(found: ConversationOut, isNews: (id: string) => boolean): void {
    if (!isNews(found.id)) this.take(found);
    else if (this.#conversations.has(found.id)) this.touch(found.id);
  }

  /** Nothing is asked without a connection: the next one loads again. */
  #rest(): void {
    this.#loading.end();
    this.#people.rest();
  }

  #become(status: InboxStatus): void {
    this.#status = status;
    this.#changed();
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
      status: this.#status,
      isLoaded: this.#isLoaded,
      conversations,
      unread: this.#total,
      notifications: this.#notifications.list,
      hasMoreNotifications: this.#notifications.hasMore,
      presence: this.#people.presence,
    };
  }
}
