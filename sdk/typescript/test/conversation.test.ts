// What a page binds to: messages, pending, unread, typing, and being told of changes.

import { expect, test } from "vitest";
import { Chat, ChatError, IndexedDbOutbox, type Limits, MemoryOutbox, type OutboxEntry, result } from "../src/index.js";
import { getMessage, listConversations, uploadAttachment } from "../src/rest-api.js";
import { call, pair, person, stage, token, until } from "./door.js";

async function both(): Promise<{ ana: Chat; bo: Chat; id: string }> {
  const { id, ana, bo } = await pair();
  return { id, ana: await person(ana), bo: await person(bo) };
}

test("a message is shown at once, settles when it is stored, and reaches the other side", async () => {
  const { id, ana, bo } = await both();
  const [here, there] = [ana.conversation(id), bo.conversation(id)];
  await until(() => here.state.status === "live" && there.state.status === "live");
  let told = 0;
  const forget = here.subscribe(() => told++);
  const sent = here.send("Hello!");
  expect(here.state.pending.map((one) => one.draft.content)).toEqual(["Hello!"]);
  const ack = await sent;
  await until(() => here.messages.length === 1 && there.messages.length === 1);
  expect(here.state.pending).toEqual([]);
  expect(there.messages[0]).toMatchObject({ id: ack.message_id, seq: 1, content: "Hello!" });
  expect(told).toBeGreaterThan(1);
  forget();
  await until(() => there.unread === 1);
  await there.markRead([ack.message_id]);
  expect(there.unread).toBe(0);
  await until(() => here.state.participants.find((one) => one.user.id === bo.userId)?.last_read_seq === 1);
  ana.stop();
  bo.stop();
});

test("typing is passed on now and then, and ends with the message", async () => {
  const { id, ana, bo } = await both();
  const [here, there] = [ana.conversation(id), bo.conversation(id)];
  await until(() => here.state.status === "live" && there.state.status === "live");
  for (let key = 0; key < 50; key++) here.type();
  await until(() => there.typing.length === 1);
  await here.send("done");
  await until(() => there.typing.length === 0);
  ana.stop();
  bo.stop();
});

test("a message that is refused for good says why, and can be taken away", async () => {
  const { id, ana, bo } = await both();
  const here = ana.conversation(id);
  await until(() => here.state.status === "live");
  await expect(here.send("x".repeat(10_001))).rejects.toMatchObject({ code: "invalid" });
  await expect(here.send("x".repeat(70_000))).rejects.toBeInstanceOf(ChatError);
  expect(here.state.pending.map((one) => one.failed)).toEqual(["invalid", "frame_too_large"]);
  for (const one of here.state.pending) here.discard(one.clientId);
  expect(here.state.pending).toEqual([]);
  ana.stop();
  bo.stop();
});

test("a refused message is still there after a reload, to be sent again or given up", async () => {
  const { id, ana: name } = await pair();
  const outbox = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(crypto.randomUUID());
  const before = await person(name, { outbox });
  await until(() => before.conversation(id).state.status === "live");
  await expect(before.conversation(id).send("x".repeat(10_001))).rejects.toMatchObject({ code: "invalid" });
  before.stop();

  const after = await person(name, { outbox });
  const here = after.conversation(id);
  expect(here.state.pending).toMatchObject([{ failed: "invalid", conversationId: id }]);
  await until(() => here.state.status === "live");
  const clientId = here.state.pending[0]?.clientId ?? "";
  await expect(here.retry(clientId)).rejects.toMatchObject({ code: "invalid" });
  await until(async () => (await outbox.load(name))[0]?.failed === "invalid");
  here.discard(clientId);
  expect(here.state.pending).toEqual([]);
  await until(async () => (await outbox.load(name)).length === 0);
  after.stop();
});

test("a message that was refused but is stored is pending no more", async () => {
  const { id, ana: name } = await pair();
  const entry = { userId: name, conversationId: id, clientId: crypto.randomUUID(), draft: { content: "Stored" }, createdAt: Date.now() };
  const [outbox, other] = [new MemoryOutbox(), new MemoryOutbox()];
  await outbox.put({ ...entry, failed: "conversation_closed" });
  await other.put(entry);
  const ana = await person(name, { outbox });
  const here = ana.conversation(id);
  await until(() => here.state.status === "live");
  expect(here.state.pending).toMatchObject([{ failed: "conversation_closed" }]);
  const again = await person(name, { outbox: other });
  await until(() => here.state.messages.length === 1);
  expect(here.state.pending).toEqual([]);
  await until(async () => (await outbox.load(name)).length === 0);
  ana.stop();
  again.stop();
});

test("what the service takes is known from its greeting on, and is what it takes", async () => {
  const { id, ana: name } = await pair();
  const ana = new Chat({ url: stage.url, token: () => token(name), outbox: new MemoryOutbox() });
  const known: (Limits | undefined)[] = [];
  ana.subscribe(() => known.push(ana.limits));
  expect(ana.limits).toBeUndefined();
  await ana.start();
  await until(() => ana.state === "open");
  const { limits } = ana;
  expect(limits).toEqual({ content_chars: 10_000, frame_bytes: 65_536, metadata_bytes: 8_192, messages: 0, window_s: 10 });
  expect(known.at(-1)).toBe(limits);
  const here = ana.conversation(id);
  const most = limits?.content_chars ?? 0;
  await expect(here.send("x".repeat(most + 1))).rejects.toMatchObject({ code: "invalid" });
  expect((await here.send("x".repeat(most))).seq).toBe(1);
  ana.stop();
});

test("the array of messages is another one only when a message changes", async () => {
  const { id, ana, bo } = await both();
  const [here, there] = [ana.conversation(id), bo.conversation(id)];
  await until(() => here.state.status === "live" && there.state.status === "live");
  const ack = await here.send("Hello!");
  await until(() => there.messages.length === 1 && there.unread === 1);
  const { state } = there;
  here.type();
  await until(() => there.typing.length === 1);
  expect(there.state).not.toBe(state);
  expect(there.messages).toBe(state.messages);
  expect(there.state.participants).toBe(state.participants);
  expect(there.state.pending).toBe(state.pending);
  await here.react(ack.message_id, "👍");
  await until(() => there.messages[0]?.reactions.length === 1);
  expect(there.messages).not.toBe(state.messages);
  expect(state.messages[0]?.reactions).toEqual([]);
  ana.stop();
  bo.stop();
});

test("older messages come page by page", async () => {
  const { id, ana, bo } = await both();
  const here = ana.conversation(id);
  await until(() => here.state.status === "live");
  await Promise.all(Array.from({ length: 60 }, (_, at) => here.send(`message ${at}`)));
  const again = bo.conversation(id);
  await until(() => again.messages.length === 50);
  expect(again.state.hasOlder).toBe(true);
  await again.loadOlder();
  expect(again.messages.map((one) => one.content)).toEqual(Array.from({ length: 60 }, (_, at) => `message ${at}`));
  expect(again.state.hasOlder).toBe(false);
  ana.stop();
  bo.stop();
});

test("the generated client sends files, and its requests outlive a busy service and a refused token", async () => {
  const { id, ana: name } = await pair();
  let given = 0;
  const provider = async () => (given++ === 0 ? token(name, -5) : token(name));
  const ana = await person(name, { token: provider });
  const { client } = ana;
  const file = new File(["notes"], "notes.txt", { type: "text/plain" });
  const uploaded = await result(uploadAttachment({ client, body: { conversation: id, file } }));
  expect(uploaded).toMatchObject({ filename: "notes.txt", size: 5 });
  await call("/faults", { rules: [{ do: "answer", request: "GET /chat/conversations/", times: 2 }] });
  const page = await result(listConversations({ client }));
  expect(page.results.map((one) => one.id)).toEqual([id]);
  expect(given).toBe(2);
  const missing = result(getMessage({ client, path: { message_id: crypto.randomUUID() } }));
  await expect(missing).rejects.toMatchObject({ code: "not_found" });
  ana.stop();
});

test("an outbox gives back what it was given, to its user only", async () => {
  const store = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(crypto.randomUUID());
  const entry = (clientId: string, userId: string, createdAt: number): OutboxEntry => {
    return { clientId, userId, createdAt, conversationId: "c", draft: { content: clientId } };
  };
  for (const one of [entry("2", "ana", 1), entry("1", "ana", 2), entry("3", "bo", 3)]) await store.put(one);
  expect((await store.load("ana")).map((one) => one.clientId)).toEqual(["2", "1"]);
  await store.remove("2");
  expect(await store.load("ana")).toEqual([entry("1", "ana", 2)]);
});

test("somebody else's conversation is gone", async () => {
  const { id } = await pair();
  const cy = await person(`cy-${crypto.randomUUID()}`, { url: stage.url });
  const there = cy.conversation(id);
  await until(() => there.state.status === "gone");
  cy.stop();
});
