// The REST requests of the inbox.

import type { ConversationOut, NotificationOut } from "./generated/frames.js";
import type { Client } from "./generated/rest/client/index.js";
import { listConversations, listNotifications, listPresence } from "./generated/rest/sdk.gen.js";
import { unwrap } from "./rest-client.js";

/** The largest page of conversations, and the most users in one presence request. */
export const MAX_PAGE = 100;
const MAX_PAGES = 10;
const NOTIFICATIONS_PAGE = 50;

export interface Page<Row> {
  readonly results: Row[];
  readonly next: string | null;
}

/** Loads the newest 1,000 conversations. */
export async function loadConversations(client: Client, archived: boolean): Promise<ConversationOut[]> {
  const conversations: ConversationOut[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { archived, limit: MAX_PAGE, ...(cursor === null ? {} : { cursor }) };
    const response: Page<ConversationOut> = await unwrap(listConversations({ client, query }));
    conversations.push(...response.results);
    cursor = response.next;
    if (cursor === null) break;
  }
  return conversations;
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
