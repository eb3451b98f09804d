// The user's conversations with their unread counts, the presence of other users, and notifications. Everything is loaded on
// each connection, then updated by the frames of the notifications socket.

import { Connection, type ConnectionState, type WebSocketConstructor } from "./connection.js";
import { ChangeTracker } from "./freshness.js";
import type { ConversationOut, NotificationOut, ServerFrame } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { archiveConversation, getConversation, unarchiveConversation } from "./generated/rest/sdk.gen.js";
import { loadConversations, loadConversationsPage } from "./inbox-api.js";
import { NotificationList } from "./notifications.js";
import { type Presence, PresenceStore } from "./presence.js";
import type { ReadAfter } from "./read-after.js";
import { unwrap } from "./rest-client.js";
import { RetryLoop } from "./retry-loop.js";
import type { TokenCache } from "./tokens.js";

/** `failed`: the list could not be loaded. It may be out of date, and loading is retried automatically. */
export type InboxStatus = "loading" | "loaded" | "failed";

/** An immutable snapshot of the inbox. Every change makes a new one. */
export interface InboxState {
  readonly status: InboxStatus;
  /** Whether the list was loaded at least once. It may be out of date. */
  readonly isLoaded: boolean;
  /** Latest activity first, including archived conversations. */
  readonly conversations: readonly ConversationOut[];
  /** Whether `loadMoreConversations()` has more. */
  readonly hasMoreConversations: boolean;
  /** Whether `loadMoreConversations(true)` has more archived ones. */
  readonly hasMoreArchived: boolean;
  /** Unread messages in all conversations. */
  readonly unread: number;
  /** Newest first. */
  readonly notifications: readonly NotificationOut[];
  /** Whether `loadMoreNotifications()` has more. */
  readonly hasMoreNotifications: boolean;
  /** By user id, of the users who share a conversation with the signed-in user. */
  readonly presence: ReadonlyMap<string, Presence>;
}

const REFRESH_DELAY_MS = 150;

/** Get it from `chat.inbox`. */
export class Inbox {
  state: InboxState;
  readonly #connection: Connection;
  #status: InboxStatus = "loading";
  #conversations = new Map<string, ConversationOut>();
  /** Conversations that were loaded one by one, with all participants: lists have only the first ones. */
  readonly #opened = new Map<string, ConversationOut>();
  /** The cursors of the next pages: of conversations that are not archived, and of archived ones. */
  #cursors: readonly [open: string | null, archived: string | null] = [null, null];
  #loadingMore: Promise<void> | undefined;
  #unreadCounts: Readonly<Record<string, number>> | undefined;
  #totalUnread = 0;
  #isLoaded = false;
  readonly #changes = new ChangeTracker();
  readonly #notifications: NotificationList;
  readonly #presence: PresenceStore;
  readonly #loading = new RetryLoop((isCurrent) => this.#load(isCurrent), () => this.#setStatus("failed"));
  readonly #staleIds: string[] = [];
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;
  #isNotifying = false;
  readonly #listeners = new Set<() => void>();

  constructor(
    url: string,
    private readonly client: Client,
    tokens: TokenCache,
    WebSocket: WebSocketConstructor,
    readAfter: ReadAfter,
  ) {
    this.#notifications = new NotificationList(client);
    this.#presence = new PresenceStore(client, () => this.#notify());
    const events = {
      onOpen: () => this.reload(),
      onDisconnect: () => this.#pauseLoading(),
      onFrame: (frame: ServerFrame) => this.#onFrame(frame),
      onStateChange: () => this.#notify(),
      onActivity: () => readAfter.invalidate(),
    };
    this.#connection = new Connection(url, tokens, events, WebSocket);
    this.state = this.#snapshot();
  }

  get connectionState(): ConnectionState {
    return this.#connection.state;
  }

  /** Calls `listener` after every change. Returns a function that unsubscribes. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Loads everything again, and retries until that succeeds. This also happens on every connection. */
  reload(): void {
    this.#setStatus("loading");
    this.#loading.start();
  }

  /** Adds or replaces a conversation with what another request has just returned. */
  upsert(conversation: ConversationOut): void {
    this.#changes.changed(conversation.id);
    this.#conversations.set(conversation.id, conversation);
    this.#notify();
  }

  /** @internal Includes the presence of all participants of a conversation that was opened. */
  _onOpened(conversation: ConversationOut): void {
    this.#opened.set(conversation.id, conversation);
    if (this.#isLoaded) this.#presence.request([conversation]);
  }

  /** Schedules a reload of one conversation. Use it after changes that the notifications socket does not report. */
  refresh(id: string): void {
    if (!this.#staleIds.includes(id)) this.#staleIds.push(id);
    this.#refreshTimer ??= setTimeout(() => void this.#loadStale(), REFRESH_DELAY_MS);
  }

  /** Archives or unarchives a conversation for this user. Its next message unarchives it. */
  async setArchived(id: string, isArchived: boolean): Promise<void> {
    const operation = isArchived ? archiveConversation : unarchiveConversation;
    const hasChanged = this.#changes.begin();
    this.#onLoaded(await unwrap(operation({ client: this.client, path: { conversation_id: id } })), hasChanged);
  }

  /** Adds the next page of conversations. Calls during a request share it. */
  loadMoreConversations(archived = false): Promise<void> {
    this.#loadingMore ??= this.#loadMore(archived).finally(() => {
      this.#loadingMore = undefined;
    });
    return this.#loadingMore;
  }

  /** Adds the next page of older notifications. */
  loadMoreNotifications(): Promise<void> {
    return this.#notifications.loadMore().then(() => this.#notify());
  }

  markNotificationRead(id: string): Promise<void> {
    return this.#notifications.markRead(id).then(() => this.#notify());
  }

  markAllNotificationsRead(): Promise<void> {
    return this.#notifications.markAllRead().then(() => this.#notify());
  }

  /** @internal */
  _start(): void {
    this.#connection.start();
  }

  /** @internal */
  _stop(): void {
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = undefined;
    this.#pauseLoading();
    this.#connection.stop();
  }

  async #load(isCurrent: () => boolean): Promise<void> {
    const hasChanged = this.#changes.begin();
    // After a reconnect as many as were loaded before.
    const archivedBefore = [...this.#conversations.values()].filter((conversation) => conversation.is_archived).length;
    const [open, archived, replaceNotifications] = await Promise.all([
      loadConversations(this.client, false, this.#conversations.size - archivedBefore),
      loadConversations(this.client, true, archivedBefore),
      this.#notifications.load(),
    ]);
    if (!isCurrent()) return;
    this.#cursors = [open.next, archived.next];
    const loaded = new Map([...open.results, ...archived.results].map((conversation) => [conversation.id, conversation]));
    // What the socket has reported during the request is newer than the response.
    for (const id of new Set([...loaded.keys(), ...this.#conversations.keys()])) {
      if (!hasChanged(id)) continue;
      const known = this.#conversations.get(id);
      if (known) loaded.set(id, known);
      else loaded.delete(id);
    }
    this.#conversations = loaded;
    replaceNotifications();
    this.#isLoaded = true;
    if (this.#unreadCounts) this.#applyUnreadCounts(this.#unreadCounts);
    this.#setStatus("loaded");
    this.#presence.request([...loaded.values(), ...this.#opened.values()]);
  }

  async #loadMore(archived: boolean): Promise<void> {
    const cursors = this.#cursors;
    const cursor = cursors[archived ? 1 : 0];
    if (cursor === null) return;
    const hasChanged = this.#changes.begin();
    const page = await loadConversationsPage(this.client, archived, cursor);
    // The list was loaded again in the meantime.
    if (cursors !== this.#cursors) return;
    this.#cursors = archived ? [cursors[0], page.next] : [page.next, cursors[1]];
    for (const conversation of page.results) {
      if (!hasChanged(conversation.id)) this.#conversations.set(conversation.id, conversation);
    }
    if (this.#unreadCounts) this.#applyUnreadCounts(this.#unreadCounts);
    this.#presence.request(page.results);
    this.#notify();
  }

  #onFrame(frame: ServerFrame): void {
    switch (frame.type) {
      case "unread_counts":
        this.#totalUnread = frame.total;
        this.#applyUnreadCounts(frame.conversations);
        break;
      case "conversation_added":
      case "conversation_updated":
        if (!("participants" in frame.conversation)) break;
        this.upsert(frame.conversation);
        if (frame.type === "conversation_added") this.#presence.request([frame.conversation]);
        break;
      case "conversation_removed":
        this.#changes.changed(frame.conversation_id);
        this.#conversations.delete(frame.conversation_id);
        break;
      case "presence":
        this.#presence.onSignal(frame);
        break;
      case "notification":
        this.#notifications.onNotification(frame.notification);
        this.refresh(frame.notification.conversation);
        break;
      default:
        return;
    }
    this.#notify();
  }

  #applyUnreadCounts(counts: Readonly<Record<string, number>>): void {
    const before = this.#unreadCounts;
    this.#unreadCounts = counts;
    // A new message in a conversation of a page that is not loaded.
    for (const id of before ? Object.keys(counts) : []) {
      if (!this.#conversations.has(id) && (counts[id] ?? 0) > (before?.[id] ?? 0)) this.refresh(id);
    }
    for (const [id, conversation] of this.#conversations) {
      const unread = counts[id] ?? 0;
      if (unread === conversation.unread_count) continue;
      // A higher count means a new message, which `last_message` does not show yet.
      if (unread > conversation.unread_count) this.refresh(id);
      this.#conversations.set(id, { ...conversation, unread_count: unread });
    }
    this.#notifications.applyUnreadCounts(counts);
  }

  async #loadStale(): Promise<void> {
    this.#refreshTimer = undefined;
    const ids = this.#staleIds.splice(0);
    const hasChanged = this.#changes.begin();
    const load = (id: string) => unwrap(getConversation({ client: this.client, path: { conversation_id: id } }));
    // After a failure the conversation is either removed, which the socket reports, or loaded on the next connection.
    await Promise.all(ids.map((id) => load(id).then((loaded) => this.#onLoaded(loaded, hasChanged), () => {})));
  }

  /** A response may be older than a change reported meanwhile. Then load it again, unless the conversation was removed. */
  #onLoaded(loaded: ConversationOut, hasChanged: (id: string) => boolean): void {
    if (!hasChanged(loaded.id)) this.upsert(loaded);
    else if (this.#conversations.has(loaded.id)) this.refresh(loaded.id);
  }

  /** Without a connection nothing is loaded. The next one loads everything again. */
  #pauseLoading(): void {
    this.#loading.stop();
    this.#presence.pause();
  }

  #setStatus(status: InboxStatus): void {
    this.#status = status;
    this.#notify();
  }

  /** Updates `state`, and calls the listeners once for all changes of the current task. */
  #notify(): void {
    this.state = this.#snapshot();
    if (this.#isNotifying) return;
    this.#isNotifying = true;
    queueMicrotask(() => {
      this.#isNotifying = false;
      for (const listener of this.#listeners) listener();
    });
  }

  #snapshot(): InboxState {
    const activity = (one: ConversationOut) => one.last_message?.created_at ?? one.updated_at;
    const conversations = [...this.#conversations.values()].sort((one, other) =>
      activity(other).localeCompare(activity(one)),
    );
    return {
      status: this.#status,
      isLoaded: this.#isLoaded,
      conversations,
      hasMoreConversations: this.#cursors[0] !== null,
      hasMoreArchived: this.#cursors[1] !== null,
      unread: this.#totalUnread,
      notifications: this.#notifications.items,
      hasMoreNotifications: this.#notifications.hasMore,
      presence: this.#presence.presence,
    };
  }
}
