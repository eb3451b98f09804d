// The REST requests of the inbox.

import type { ConversationOut, NotificationOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { listConversations, listNotifications, listPresence } from "./generated/rest/sdk.gen.js";
import { unwrap } from "./rest-client.js";

/** The largest page of conversations, and the most users in one presence request. */
export const MAX_PAGE = 100;
/** The first page is small, so that the list is shown soon. */
const FIRST_PAGE = 40;
const NOTIFICATIONS_PAGE = 50;

export interface Page<Row> {
  readonly results: Row[];
  readonly next: string | null;
}

/** Loads the first pages, latest activity first, until there are `minimum` conversations. */
export async function loadConversations(client: Client, archived: boolean, minimum = 1): Promise<Page<ConversationOut>> {
  let { results, next } = await loadConversationsPage(client, archived);
  while (next !== null && results.length < minimum) {
    const page = await loadConversationsPage(client, archived, next);
    results = [...results, ...page.results];
    next = page.next;
  }
  return { results, next };
}

export function loadConversationsPage(client: Client, archived: boolean, cursor?: string): Promise<Page<ConversationOut>> {
  const query = { archived, ...(cursor === undefined ? { limit: FIRST_PAGE } : { limit: MAX_PAGE, cursor }) };
  return unwrap(listConversations({ client, query }));
}

/** Loads a page of notifications, newest first. */
export function loadNotifications(client: Client, cursor?: string): Promise<Page<NotificationOut>> {
  const query = { limit: NOTIFICATIONS_PAGE, ...(cursor === undefined ? {} : { cursor }) };
  return unwrap(listNotifications({ client, query }));
}

/** Loads the presence of up to `MAX_PAGE` users. */
export async function loadPresence(client: Client, userIds: readonly string[]) {
  return (await unwrap(listPresence({ client, query: { user_ids: userIds.join(",") } }))).results;
}
