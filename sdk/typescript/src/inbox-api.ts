// What the inbox asks of the service, page by page.

import type { ConversationOut, NotificationOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { listConversations, listNotifications, listPresence } from "./generated/rest/sdk.gen.js";
import { result } from "./rest.js";

/** The most that the service gives, or may be asked for, at once. */
export const MOST = 100;
const MOST_PAGES = 10;
const NOTIFICATIONS = 50;

export interface Page<Row> {
  readonly results: Row[];
  readonly next: string | null;
}

/** The newest thousand. */
export async function loadConversations(client: Client, archived: boolean): Promise<ConversationOut[]> {
  const found: ConversationOut[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = { archived, limit: MOST, ...(cursor === null ? {} : { cursor }) };
    const answer: Page<ConversationOut> = await result(listConversations({ client, query }));
    found.push(...answer.results);
    cursor = answer.next;
    if (cursor === null) break;
  }
  return found;
}

/** A page of notifications, newest first. */
export function loadNotifications(client: Client, cursor?: string): Promise<Page<NotificationOut>> {
  const query = { limit: NOTIFICATIONS, ...(cursor === undefined ? {} : { cursor }) };
  return result(listNotifications({ client, query }));
}

/** Whether these people, `MOST` of them at most, are there. */
export async function loadPresence(client: Client, ids: readonly string[]) {
  return (await result(listPresence({ client, query: { user_ids: ids.join(",") } }))).results;
}
