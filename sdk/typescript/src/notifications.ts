// What the user was told of, newest first: as many pages as were asked for, and what came since.

import type { NotificationOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { markAllNotificationsRead, markNotificationRead } from "./generated/rest/sdk.gen.js";
import { type Page, loadNotifications } from "./inbox-pages.js";
import { News } from "./news.js";
import { result } from "./rest.js";

export class Notifications {
  list: readonly NotificationOut[] = [];
  #next: string | null = null;
  readonly #news = new News();

  constructor(private readonly client: Client) {}

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** Loads the newest page; what it gives takes that in, with what was heard while it was on its way. */
  async load(): Promise<() => void> {
    const isNews = this.#news.ask();
    const page = await loadNotifications(this.client);
    return () => this.#take(page, isNews);
  }

  async loadMore(): Promise<void> {
    const cursor = this.#next;
    if (cursor === null) return;
    const page = await loadNotifications(this.client, cursor);
    // Asked twice, or loaded afresh meanwhile.
    if (cursor !== this.#next) return;
    const known = new Set(this.list.map((one) => one.id));
    this.list = [...this.list, ...page.results.filter((one) => !known.has(one.id))];
    this.#next = page.next;
  }

  heard(told: NotificationOut): void {
    this.#news.hear(told.id);
    this.list = [told, ...this.list.filter((one) => one.id !== told.id)];
  }

  async mark(id: string): Promise<void> {
    const marked = await result(markNotificationRead({ client: this.client, path: { notification_id: id } }));
    this.#news.hear(id);
    this.list = this.list.map((one) => (one.id === id ? marked : one));
  }

  async markAll(): Promise<void> {
    await result(markAllNotificationsRead({ client: this.client }));
    for (const { id } of this.list) this.#news.hear(id);
    this.list = this.list.map((one) => ({ ...one, is_read: true }));
  }

  /** Where nothing is unread, whatever was told is read. */
  counted(counts: Readonly<Record<string, number>>): void {
    const isRead = (told: NotificationOut) => told.is_read || !counts[told.conversation];
    this.list = this.list.map((told) => (isRead(told) === told.is_read ? told : { ...told, is_read: true }));
  }

  #take({ results, next }: Page<NotificationOut>, isNews: (id: string) => boolean): void {
    const news = new Map(this.list.filter((one) => isNews(one.id)).map((one) => [one.id, one]));
    const merged = results.map((one) => news.get(one.id) ?? one);
    for (const one of results) news.delete(one.id);
    // What was marked further down belongs to a page that is not loaded any more.
    const oldest = results.at(-1)?.created_at ?? "";
    this.list = [...[...news.values()].filter((one) => one.created_at > oldest), ...merged];
    this.#next = next;
  }
}
