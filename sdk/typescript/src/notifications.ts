// The user's notifications, newest first: the pages loaded so far, and those received since.

import { ChangeTracker } from "./freshness.js";
import type { NotificationOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { markAllNotificationsRead, markNotificationRead } from "./generated/rest/sdk.gen.js";
import { type Page, loadNotifications } from "./inbox-api.js";
import { unwrap } from "./rest-client.js";

export class NotificationList {
  items: readonly NotificationOut[] = [];
  #cursor: string | null = null;
  readonly #changes = new ChangeTracker();

  constructor(private readonly client: Client) {}

  get hasMore(): boolean {
    return this.#cursor !== null;
  }

  /** Loads the newest page. The returned function replaces the list with it, and keeps what was received meanwhile. */
  async load(): Promise<() => void> {
    const hasChanged = this.#changes.begin();
    const page = await loadNotifications(this.client);
    return () => this.#replace(page, hasChanged);
  }

  async loadMore(): Promise<void> {
    const cursor = this.#cursor;
    if (cursor === null) return;
    const page = await loadNotifications(this.client, cursor);
    // A concurrent call has added this page, or the list was reloaded.
    if (cursor !== this.#cursor) return;
    const known = new Set(this.items.map((item) => item.id));
    this.items = [...this.items, ...page.results.filter((item) => !known.has(item.id))];
    this.#cursor = page.next;
  }

  onNotification(notification: NotificationOut): void {
    this.#changes.changed(notification.id);
    this.items = [notification, ...this.items.filter((item) => item.id !== notification.id)];
  }

  async markRead(id: string): Promise<void> {
    const marked = await unwrap(markNotificationRead({ client: this.client, path: { notification_id: id } }));
    this.#changes.changed(id);
    this.items = this.items.map((item) => (item.id === id ? marked : item));
  }

  async markAllRead(): Promise<void> {
    await unwrap(markAllNotificationsRead({ client: this.client }));
    for (const { id } of this.items) this.#changes.changed(id);
    this.items = this.items.map((item) => ({ ...item, is_read: true }));
  }

  /** Marks the notifications of conversations without unread messages as read. */
  applyUnreadCounts(counts: Readonly<Record<string, number>>): void {
    this.items = this.items.map((item) => (item.is_read || counts[item.conversation] ? item : { ...item, is_read: true }));
  }

  #replace({ results, next }: Page<NotificationOut>, hasChanged: (id: string) => boolean): void {
    const changed = new Map(this.items.filter((item) => hasChanged(item.id)).map((item) => [item.id, item]));
    const merged = results.map((item) => changed.get(item.id) ?? item);
    for (const item of results) changed.delete(item.id);
    // Changed notifications that are older than this page belong to a page that is no longer loaded.
    const oldest = results.at(-1)?.created_at ?? "";
    this.items = [...[...changed.values()].filter((item) => item.created_at > oldest), ...merged];
    this.#cursor = next;
  }
}
