// Late and failed responses: changes reported meanwhile must survive, and failed requests must be retried.

import { expect, test } from "vitest";
import { type Chat, type Inbox, unwrap } from "../src/index.js";
import { listNotifications, removeParticipant } from "../src/rest-api.js";
import {
  ResponseGate,
  control,
  createDirectConversation,
  createJobConversation,
  startChat,
  uniqueName,
  waitUntil,
} from "./helpers.js";

const isConversationList = (url: URL) => url.pathname === "/chat/conversations/";
const conversationIds = (inbox: Inbox) => inbox.state.conversations.map(({ id }) => id).sort();

async function remove(admin: Chat, conversation_id: string, user_id: string): Promise<void> {
  await removeParticipant({ client: admin.client, path: { conversation_id }, body: { user_id }, throwOnError: true });
}

test("changes reported while the list is loading are not overwritten by the response", async () => {
  const [ana, bo] = [uniqueName("ana"), uniqueName("bo")];
  const left = await createJobConversation([ana, bo]);
  const [admin, gate] = [await startChat(ana), new ResponseGate()];
  const chat = await startChat(bo, { fetch: gate.fetch });
  const { inbox } = chat;
  await waitUntil(() => inbox.state.status === "loaded");
  gate.hold(isConversationList);
  inbox.reload();
  expect(inbox.state.status).toBe("loading");
  await waitUntil(() => gate.held === 2);
  const added = await createJobConversation([ana, bo]);
  await remove(admin, left, bo);
  await waitUntil(() => conversationIds(inbox).join() === added);
  gate.release();
  await waitUntil(() => inbox.state.status === "loaded");
  expect(conversationIds(inbox)).toEqual([added]);
  admin.stop();
  chat.stop();
});

test("an outdated response does not restore a removed conversation", async () => {
  const [ana, bo] = [uniqueName("ana"), uniqueName("bo")];
  const [left, kept] = [await createJobConversation([ana, bo]), await createJobConversation([ana, bo])];
  const [admin, gate] = [await startChat(ana), new ResponseGate()];
  const chat = await startChat(bo, { fetch: gate.fetch });
  const { inbox } = chat;
  await waitUntil(() => inbox.state.status === "loaded");
  gate.hold((url) => url.pathname.includes(left));
  inbox.refresh(left);
  const archived = inbox.setArchived(left, true);
  await waitUntil(() => gate.held === 2);
  await remove(admin, left, bo);
  await waitUntil(() => !conversationIds(inbox).includes(left));
  gate.release();
  await archived;
  await admin.conversation(kept).send("Still here?");
  await waitUntil(() => inbox.state.conversations[0]?.last_message?.content === "Still here?");
  expect(conversationIds(inbox)).toEqual([kept]);
  admin.stop();
  chat.stop();
});

test("a list that fails to load is reported as failed, and retried on the same socket", async () => {
  const { id, bo } = await createDirectConversation();
  const fault = { do: "respond", request: "GET /chat/conversations/?", status: 500, times: 4 };
  await control("/faults", { rules: [fault] });
  const chat = await startChat(bo);
  const { inbox } = chat;
  const disconnects: string[] = [];
  inbox.subscribe(() => inbox.connectionState === "waiting" && disconnects.push(inbox.connectionState));
  await waitUntil(() => inbox.state.status === "failed", 1);
  expect(inbox.state.isLoaded).toBe(false);
  await waitUntil(() => inbox.state.status === "loaded");
  expect(conversationIds(inbox)).toEqual([id]);
  expect(disconnects).toEqual([]);
  chat.stop();
});

test("presence is loaded for all participants of a large conversation that was opened", async () => {
  const userIds = Array.from({ length: 120 }, (_, index) => uniqueName(`p${index}`));
  const id = await createJobConversation(userIds);
  const chat = await startChat(userIds[0] as string);
  const { inbox } = chat;
  chat.conversation(id);
  await waitUntil(() => inbox.state.presence.size === userIds.length);
  expect([...inbox.state.presence.keys()].sort()).toEqual([...userIds].sort());
  chat.stop();
});

test("concurrent requests for older notifications add each page once", async () => {
  const { id, ana, bo } = await createDirectConversation();
  const sender = await startChat(ana);
  const conversation = sender.conversation(id);
  await Promise.all(Array.from({ length: 60 }, (_, index) => conversation.send(`message ${index}`)));
  const chat = await startChat(bo);
  // Notifications are created asynchronously. Wait until all exist, so that none arrives over the socket.
  const query = { limit: 100 };
  await waitUntil(async () => (await unwrap(listNotifications({ client: chat.client, query }))).results.length === 60);
  const { inbox } = chat;
  await waitUntil(() => inbox.state.notifications.length === 50);
  expect(inbox.state.hasMoreNotifications).toBe(true);
  await Promise.all([inbox.loadMoreNotifications(), inbox.loadMoreNotifications()]);
  expect(inbox.state.hasMoreNotifications).toBe(false);
  const previews = inbox.state.notifications.map(({ preview }) => preview);
  expect(previews).toEqual(Array.from({ length: 60 }, (_, index) => `message ${59 - index}`));
  sender.stop();
  chat.stop();
});
