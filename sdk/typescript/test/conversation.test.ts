// The state of a conversation, and its change notifications.

import { expect, test } from "vitest";
import { Chat, ChatError, IndexedDbOutbox, type Limits, MemoryOutbox, type OutboxEntry, unwrap } from "../src/index.js";
import { getMessage, listConversations, uploadAttachment } from "../src/rest-api.js";
import { control, createDirectConversation, harness, issueToken, startChat, startPair, uniqueName, waitUntil } from "./helpers.js";

test("a message is pending at once, is stored, and reaches the other user", async () => {
  const { id, ana, bo } = await startPair();
  const [sender, receiver] = [ana.conversation(id), bo.conversation(id)];
  await waitUntil(() => sender.state.status === "live" && receiver.state.status === "live");
  let notified = 0;
  const unsubscribe = sender.subscribe(() => notified++);
  const sent = sender.send("Hello!");
  expect(sender.state.pending.map(({ draft }) => draft.content)).toEqual(["Hello!"]);
  const ack = await sent;
  await waitUntil(() => sender.messages.length === 1 && receiver.messages.length === 1);
  expect(sender.state.pending).toEqual([]);
  expect(receiver.messages[0]).toMatchObject({ id: ack.message_id, seq: 1, content: "Hello!" });
  expect(notified).toBeGreaterThan(1);
  unsubscribe();
  await waitUntil(() => receiver.unread === 1);
  await receiver.markRead([ack.message_id]);
  expect(receiver.unread).toBe(0);
  await waitUntil(() => sender.state.participants.find(({ user }) => user.id === bo.userId)?.last_read_seq === 1);
  ana.stop();
  bo.stop();
});

test("typing signals are throttled, and end with the message", async () => {
  const { id, ana, bo } = await startPair();
  const [sender, receiver] = [ana.conversation(id), bo.conversation(id)];
  await waitUntil(() => sender.state.status === "live" && receiver.state.status === "live");
  for (let key = 0; key < 50; key++) sender.notifyTyping();
  await waitUntil(() => receiver.typing.length === 1);
  await sender.send("done");
  await waitUntil(() => receiver.typing.length === 0);
  ana.stop();
  bo.stop();
});

test("a rejected message has the error code, and can be discarded", async () => {
  const { id, ana, bo } = await startPair();
  const sender = ana.conversation(id);
  await waitUntil(() => sender.state.status === "live");
  await expect(sender.send("x".repeat(10_001))).rejects.toMatchObject({ code: "invalid" });
  await expect(sender.send("x".repeat(70_000))).rejects.toBeInstanceOf(ChatError);
  expect(sender.state.pending.map(({ failed }) => failed)).toEqual(["invalid", "frame_too_large"]);
  for (const { clientId } of sender.state.pending) sender.discard(clientId);
  expect(sender.state.pending).toEqual([]);
  ana.stop();
  bo.stop();
});

test("a rejected message survives a reload, and can be retried or discarded", async () => {
  const { id, ana: name } = await createDirectConversation();
  const outbox = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(crypto.randomUUID());
  const before = await startChat(name, { outbox });
  await waitUntil(() => before.conversation(id).state.status === "live");
  await expect(before.conversation(id).send("x".repeat(10_001))).rejects.toMatchObject({ code: "invalid" });
  before.stop();

  const after = await startChat(name, { outbox });
  const sender = after.conversation(id);
  expect(sender.state.pending).toMatchObject([{ failed: "invalid", conversationId: id }]);
  await waitUntil(() => sender.state.status === "live");
  const clientId = sender.state.pending[0]?.clientId ?? "";
  await expect(sender.retry(clientId)).rejects.toMatchObject({ code: "invalid" });
  await waitUntil(async () => (await outbox.load(name))[0]?.failed === "invalid");
  sender.discard(clientId);
  expect(sender.state.pending).toEqual([]);
  await waitUntil(async () => (await outbox.load(name)).length === 0);
  after.stop();
});

test("a message that failed although it is stored is no longer pending", async () => {
  const { id, ana: name } = await createDirectConversation();
  const entry = { userId: name, conversationId: id, clientId: crypto.randomUUID(), draft: { content: "Stored" }, createdAt: Date.now() };
  const [outbox, otherOutbox] = [new MemoryOutbox(), new MemoryOutbox()];
  await outbox.put({ ...entry, failed: "conversation_closed" });
  await otherOutbox.put(entry);
  const ana = await startChat(name, { outbox });
  const sender = ana.conversation(id);
  await waitUntil(() => sender.state.status === "live");
  expect(sender.state.pending).toMatchObject([{ failed: "conversation_closed" }]);
  const other = await startChat(name, { outbox: otherOutbox });
  await waitUntil(() => sender.state.messages.length === 1);
  expect(sender.state.pending).toEqual([]);
  await waitUntil(async () => (await outbox.load(name)).length === 0);
  ana.stop();
  other.stop();
});

test("the limits are known once connected, and the service enforces them", async () => {
  const { id, ana: name } = await createDirectConversation();
  const ana = new Chat({ url: harness.url, token: () => issueToken(name), outbox: new MemoryOutbox() });
  const seen: (Limits | undefined)[] = [];
  ana.subscribe(() => seen.push(ana.limits));
  expect(ana.limits).toBeUndefined();
  await ana.start();
  await waitUntil(() => ana.state === "open");
  const { limits } = ana;
  expect(limits).toEqual({ content_chars: 10_000, frame_bytes: 65_536, metadata_bytes: 8_192, messages: 0, window_s: 10, attachment_bytes: 26_214_400, attachments: 10 });
  expect(seen.at(-1)).toBe(limits);
  expect(ana.features).toEqual(["presence", "attachments", "notifications", "support"]);
  const sender = ana.conversation(id);
  const maximum = limits?.content_chars ?? 0;
  await expect(sender.send("x".repeat(maximum + 1))).rejects.toMatchObject({ code: "invalid" });
  expect((await sender.send("x".repeat(maximum))).seq).toBe(1);
  ana.stop();
});

test("the arrays in the state change only when their contents change", async () => {
  const { id, ana, bo } = await startPair();
  const [sender, receiver] = [ana.conversation(id), bo.conversation(id)];
  await waitUntil(() => sender.state.status === "live" && receiver.state.status === "live");
  const ack = await sender.send("Hello!");
  await waitUntil(() => receiver.messages.length === 1 && receiver.unread === 1);
  const { state } = receiver;
  sender.notifyTyping();
  await waitUntil(() => receiver.typing.length === 1);
  expect(receiver.state).not.toBe(state);
  expect(receiver.messages).toBe(state.messages);
  expect(receiver.state.participants).toBe(state.participants);
  expect(receiver.state.pending).toBe(state.pending);
  await sender.react(ack.message_id, "👍");
  await waitUntil(() => receiver.messages[0]?.reactions.length === 1);
  expect(receiver.messages).not.toBe(state.messages);
  expect(state.messages[0]?.reactions).toEqual([]);
  ana.stop();
  bo.stop();
});

test("older messages are loaded page by page", async () => {
  const { id, ana, bo } = await startPair();
  const sender = ana.conversation(id);
  await waitUntil(() => sender.state.status === "live");
  await Promise.all(Array.from({ length: 60 }, (_, index) => sender.send(`message ${index}`)));
  const receiver = bo.conversation(id);
  await waitUntil(() => receiver.messages.length === 50);
  expect(receiver.state.hasOlder).toBe(true);
  await receiver.loadOlder();
  expect(receiver.messages.map(({ content }) => content)).toEqual(Array.from({ length: 60 }, (_, index) => `message ${index}`));
  expect(receiver.state.hasOlder).toBe(false);
  ana.stop();
  bo.stop();
});

test("the REST client uploads files, retries after 503 and replaces a rejected token", async () => {
  const { id, ana: name } = await createDirectConversation();
  let tokens = 0;
  const provider = async () => (tokens++ === 0 ? issueToken(name, -5) : issueToken(name));
  const ana = await startChat(name, { token: provider });
  const { client } = ana;
  const file = new File(["notes"], "notes.txt", { type: "text/plain" });
  const uploaded = await unwrap(uploadAttachment({ client, body: { conversation: id, file } }));
  expect(uploaded).toMatchObject({ filename: "notes.txt", size: 5 });
  await control("/faults", { rules: [{ do: "respond", request: "GET /chat/conversations/", times: 2 }] });
  const page = await unwrap(listConversations({ client }));
  expect(page.results.map((conversation) => conversation.id)).toEqual([id]);
  expect(tokens).toBe(2);
  const missing = unwrap(getMessage({ client, path: { message_id: crypto.randomUUID() } }));
  await expect(missing).rejects.toMatchObject({ code: "not_found" });
  ana.stop();
});

test("an outbox returns the entries of one user, oldest first", async () => {
  const store = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(crypto.randomUUID());
  const entry = (clientId: string, userId: string, createdAt: number): OutboxEntry => {
    return { clientId, userId, createdAt, conversationId: "c", draft: { content: clientId } };
  };
  for (const saved of [entry("2", "ana", 1), entry("1", "ana", 2), entry("3", "bo", 3)]) await store.put(saved);
  expect((await store.load("ana")).map(({ clientId }) => clientId)).toEqual(["2", "1"]);
  await store.remove("2");
  expect(await store.load("ana")).toEqual([entry("1", "ana", 2)]);
});

test("the conversation of other users has the status `gone`", async () => {
  const { id } = await createDirectConversation();
  const cy = await startChat(uniqueName("cy"), { url: harness.url });
  const receiver = cy.conversation(id);
  await waitUntil(() => receiver.state.status === "gone");
  cy.stop();
});

test("the profile of a stranger appears with their first message", async () => {
  const { id, ana, bo } = await createDirectConversation();
  const { token } = await control<{ token: string }>("/token", { service: "tests" });
  const profile = await fetch(`${harness.url}/chat/users/${bo}/`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ display_name: "Bo Berg" }),
  });
  expect(profile.ok).toBe(true);
  const [viewer, stranger] = [await startChat(ana), await startChat(bo)];
  const conversation = viewer.conversation(id);
  const shownName = () => conversation.state.participants.find(({ user }) => user.id === bo)?.user.display_name;
  await waitUntil(() => conversation.state.status === "live" && conversation.state.participants.length === 2);
  expect(shownName()).toBeNull();
  await stranger.conversation(id).send("Hello!");
  await waitUntil(() => shownName() === "Bo Berg");
  viewer.stop();
  stranger.stop();
});
