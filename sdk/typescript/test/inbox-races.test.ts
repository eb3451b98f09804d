// The inbox where answers come late, or not at all: what was heard meanwhile stays, and what failed is tried again.

import { expect, test } from "vitest";
import { type Chat, type Inbox, result } from "../src/index.js";
import { listNotifications, removeParticipant } from "../src/rest-api.js";
import { Gate, call, job, pair, person, until } from "./door.js";

const name = (who: string) => `${who}-${crypto.randomUUID()}`;
const isList = (url: URL) => url.pathname === "/chat/conversations/";
const idsOf = (inbox: Inbox) => inbox.state.conversations.map((one) => one.id).sort();

async function takeOut(admin: Chat, conversation_id: string, user_id: string): Promise<void> {
  await removeParticipant({ client: admin.client, path: { conversation_id }, body: { user_id }, throwOnError: true });
}

test("what is heard while the list is on its way is newer than the list", async () => {
  const [ana, bo] = [name("ana"), name("bo")];
  const left = await job([ana, bo]);
  const [admin, gate] = [await person(ana), new Gate()];
  const chat = await person(bo, { fetch: gate.fetch });
  const { inbox } = chat;
  await until(() => inbox.state.status === "loaded");
  gate.close(isList);
  inbox.reload();
  expect(inbox.state.status).toBe("loading");
  await until(() => gate.held === 2);
  const added = await job([ana, bo]);
  await takeOut(admin, left, bo);
  await until(() => idsOf(inbox).join() === added);
  gate.open();
  await until(() => inbox.state.status === "loaded");
  expect(idsOf(inbox)).toEqual([added]);
  admin.stop();
  chat.stop();
});

test("a conversation that was left does not come back with an answer from before", async () => {
  const [ana, bo] = [name("ana"), name("bo")];
  const [left, kept] = [await job([ana, bo]), await job([ana, bo])];
  const [admin, gate] = [await person(ana), new Gate()];
  const chat = await person(bo, { fetch: gate.fetch });
  const { inbox } = chat;
  await until(() => inbox.state.status === "loaded");
  gate.close((url) => url.pathname.includes(left));
  inbox.touch(left);
  const archived = inbox.archive(left, true);
  await until(() => gate.held === 2);
  await takeOut(admin, left, bo);
  await until(() => !idsOf(inbox).includes(left));
  gate.open();
  await archived;
  await admin.conversation(kept).send("Still here?");
  await until(() => inbox.state.conversations[0]?.last_message?.content === "Still here?");
  expect(idsOf(inbox)).toEqual([kept]);
  admin.stop();
  chat.stop();
});

test("a list that could not be loaded is said to be so, and tried again on the same socket", async () => {
  const { id, bo } = await pair();
  await call("/faults", { rules: [{ do: "answer", request: "GET /chat/conversations/?", status: 500, times: 4 }] });
  const chat = await person(bo);
  const { inbox } = chat;
  const lost: string[] = [];
  inbox.subscribe(() => inbox.connection === "waiting" && lost.push(inbox.connection));
  await until(() => inbox.state.status === "failed", 1);
  expect(inbox.state.isLoaded).toBe(false);
  await until(() => inbox.state.status === "loaded");
  expect(idsOf(inbox)).toEqual([id]);
  expect(lost).toEqual([]);
  chat.stop();
});

test("everybody's presence is known, however many they are", async () => {
  const people = Array.from({ length: 120 }, (_, at) => name(`p${at}`));
  await job(people);
  const chat = await person(people[0] as string);
  const { inbox } = chat;
  await until(() => inbox.state.presence.size === people.length);
  expect([...inbox.state.presence.keys()].sort()).toEqual([...people].sort());
  chat.stop();
});

test("older notifications come page by page, each once", async () => {
  const { id, ana, bo } = await pair();
  const writer = await person(ana);
  const here = writer.conversation(id);
  await Promise.all(Array.from({ length: 60 }, (_, at) => here.send(`message ${at}`)));
  const chat = await person(bo);
  // They are made behind the messages; here all have to be old.
  const query = { limit: 100 };
  await until(async () => (await result(listNotifications({ client: chat.client, query }))).results.length === 60);
  const { inbox } = chat;
  await until(() => inbox.state.notifications.length === 50);
  expect(inbox.state.hasMoreNotifications).toBe(true);
  await Promise.all([inbox.loadMoreNotifications(), inbox.loadMoreNotifications()]);
  expect(inbox.state.hasMoreNotifications).toBe(false);
  const told = inbox.state.notifications.map((one) => one.preview);
  expect(told).toEqual(Array.from({ length: 60 }, (_, at) => `message ${59 - at}`));
  writer.stop();
  chat.stop();
});
