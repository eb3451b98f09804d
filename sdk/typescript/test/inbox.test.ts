// The inbox: what it loads, what its socket tells, and that it comes back; and files ahead of their messages.

import { expect, test } from "vitest";
import type { Chat } from "../src/index.js";
import { call, pair, person, until } from "./door.js";

async function both(): Promise<{ ana: Chat; bo: Chat; id: string }> {
  const { id, ana, bo } = await pair();
  return { id, ana: await person(ana), bo: await person(bo) };
}

test("the list has the conversation, its last message and what is unread; reading takes the count away", async () => {
  const { id, ana, bo } = await both();
  const { inbox } = bo;
  await until(() => inbox.state.isLoaded);
  expect(inbox.state.conversations.map((one) => one.id)).toEqual([id]);
  let told = 0;
  const forget = inbox.subscribe(() => told++);
  const ack = await ana.conversation(id).send("Are you there?");
  await until(() => inbox.state.conversations[0]?.last_message?.id === ack.message_id);
  await until(() => inbox.state.unread === 1 && inbox.state.conversations[0]?.unread_count === 1);
  await until(() => inbox.state.notifications[0]?.message_id === ack.message_id);
  expect(inbox.state.notifications[0]?.is_read).toBe(false);
  await bo.conversation(id).markRead();
  await until(() => inbox.state.unread === 0 && inbox.state.conversations[0]?.unread_count === 0);
  expect(inbox.state.notifications[0]?.is_read).toBe(true);
  expect(told).toBeGreaterThan(2);
  forget();
  ana.stop();
  bo.stop();
});

test("presence comes and goes", async () => {
  const { id, ana, bo } = await both();
  const { inbox } = bo;
  await ana.conversation(id).send("Hi");
  await until(() => inbox.state.presence.get(ana.userId)?.online === true);
  ana.stop();
  await until(() => inbox.state.presence.get(ana.userId)?.online === false);
  bo.stop();
});

test("what came while the socket was away is there after it", async () => {
  const { id, ana, bo } = await both();
  const { inbox } = bo;
  const here = ana.conversation(id);
  await until(() => inbox.state.isLoaded && here.state.status === "live");
  await call("/faults", { refuse: true, cut: true });
  await until(() => inbox.connection === "waiting");
  const sent = here.send("While you were away");
  await call("/faults", {});
  const ack = await sent;
  await until(() => inbox.state.conversations[0]?.last_message?.id === ack.message_id);
  await until(() => inbox.state.unread === 1);
  ana.stop();
  bo.stop();
});

test("one puts a conversation away, and the next message brings it back", async () => {
  const { id, ana, bo } = await both();
  const { inbox } = bo;
  await until(() => inbox.state.isLoaded);
  await inbox.archive(id, true);
  expect(inbox.state.conversations[0]?.is_archived).toBe(true);
  await ana.conversation(id).send("Back again");
  await until(() => inbox.state.conversations[0]?.is_archived === false);
  ana.stop();
  bo.stop();
});

test("a file goes ahead with its progress, and a refused message can be sent again", async () => {
  const { id, ana, bo } = await both();
  const here = ana.conversation(id);
  await until(() => here.state.status === "live");
  const parts: number[] = [];
  const file = new File(["a note for the fence"], "note.txt", { type: "text/plain" });
  const stored = await ana.upload(id, file, { progress: (part) => parts.push(part) });
  expect(parts.at(-1)).toBe(1);
  const ack = await here.send("", { message_type: "file", attachment_ids: [stored.id] });
  await until(() => here.messages.some((one) => one.id === ack.message_id));
  expect(here.messages[0]?.attachments[0]?.filename).toBe("note.txt");
  await here.refresh(ack.message_id);
  expect(here.messages[0]?.attachments[0]?.id).toBe(stored.id);
  await expect(ana.upload(id, new File([], "nothing.txt"))).rejects.toMatchObject({ name: "ChatError" });

  await expect(here.send("", {})).rejects.toMatchObject({ name: "ChatError" });
  const [failed] = here.state.pending;
  await expect(here.retry(failed?.clientId ?? "")).rejects.toMatchObject({ name: "ChatError" });
  expect(here.state.pending.map((one) => one.clientId)).toEqual([failed?.clientId]);
  here.discard(failed?.clientId ?? "");
  expect(here.state.pending).toEqual([]);
  ana.stop();
  bo.stop();
});
