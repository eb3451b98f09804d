// Old messages: loading the part of a conversation around one, and the way back to the newest messages.

import { expect, test } from "vitest";
import type { Conversation } from "../src/index.js";
import { type ChatPair, startPair, waitUntil } from "./helpers.js";

const COUNT = 180;

/** Sends numbered messages; returns their ids. */
async function sendNumbered({ id, ana }: ChatPair): Promise<string[]> {
  const conversation = ana.conversation(id);
  const acks = await Promise.all(Array.from({ length: COUNT }, (_, at) => conversation.send(`${at}`)));
  return acks.map((ack) => ack.message_id);
}

const numbers = (conversation: Conversation) => conversation.messages.map((message) => Number(message.content));

test("a message of any age is revealed, and its part of the conversation grows in both directions without holes", async () => {
  const pair = await startPair();
  const ids = await sendNumbered(pair);
  const reader = pair.bo.conversation(pair.id);
  await waitUntil(() => reader.state.status === "live");
  // In case the messages came as events: start from the newest page alone.
  pair.bo.unfollow(pair.id);
  const conversation = pair.bo.conversation(pair.id);
  await waitUntil(() => conversation.state.status === "live");
  expect(numbers(conversation)[0]).toBe(COUNT - 50);
  expect(conversation.state.hasNewer).toBe(false);

  await conversation.reveal(ids[40] ?? "");
  expect(numbers(conversation)).toContain(40);
  expect(conversation.state).toMatchObject({ hasOlder: true, hasNewer: true });

  // Changes of messages that are not loaded make no holes, and new messages wait behind the part that is shown.
  const writer = pair.ana.conversation(pair.id);
  await writer.edit(ids[2] ?? "", "edited");
  await writer.edit(ids[100] ?? "", "edited");
  await writer.send(`${COUNT}`);
  await waitUntil(() => conversation.lastSeq === writer.lastSeq && writer.messages.length > COUNT);
  expect(numbers(conversation).every((number, at, all) => at === 0 || number === (all[at - 1] ?? 0) + 1)).toBe(true);

  await conversation.loadOlder();
  expect(numbers(conversation)[0]).toBe(0);
  expect(conversation.state.hasOlder).toBe(false);
  while (conversation.state.hasNewer) await conversation.loadNewer();
  const contents = conversation.messages.map((message) => message.content);
  expect(contents).toEqual(Array.from({ length: COUNT + 1 }, (_, at) => (at === 2 || at === 100 ? "edited" : `${at}`)));

  await expect(conversation.reveal("00000000-0000-7000-8000-000000000000")).rejects.toMatchObject({ code: "not_found" });
  pair.ana.stop();
  pair.bo.stop();
});

test("the newest messages are shown again after an older part, and can be scrolled as before", async () => {
  const pair = await startPair();
  const ids = await sendNumbered(pair);
  pair.bo.unfollow(pair.id);
  const conversation = pair.bo.conversation(pair.id);
  await waitUntil(() => conversation.state.status === "live");
  await conversation.reveal(ids[10] ?? "");
  conversation.showNewest();
  expect(numbers(conversation)[0]).toBe(COUNT - 50);
  expect(conversation.state).toMatchObject({ hasOlder: true, hasNewer: false });
  while (conversation.state.hasOlder) await conversation.loadOlder();
  expect(numbers(conversation)).toEqual(Array.from({ length: COUNT }, (_, at) => at));
  pair.ana.stop();
  pair.bo.stop();
});
