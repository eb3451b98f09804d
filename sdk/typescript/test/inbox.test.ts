// The inbox and file uploads.

import { expect, test } from "vitest";
import { control, startPair, waitUntil } from "./helpers.js";

test("the inbox shows a conversation, its last message and its unread count, and reading resets the count", async () => {
  const { id, ana, bo } = await startPair();
  const { inbox } = bo;
  await waitUntil(() => inbox.state.isLoaded);
  expect(inbox.state.conversations.map((conversation) => conversation.id)).toEqual([id]);
  let notified = 0;
  const unsubscribe = inbox.subscribe(() => notified++);
  const ack = await ana.conversation(id).send("Are you there?");
  await waitUntil(() => inbox.state.conversations[0]?.last_message?.id === ack.message_id);
  await waitUntil(() => inbox.state.unread === 1 && inbox.state.conversations[0]?.unread_count === 1);
  await waitUntil(() => inbox.state.notifications[0]?.message_id === ack.message_id);
  expect(inbox.state.notifications[0]?.is_read).toBe(false);
  await bo.conversation(id).markRead();
  await waitUntil(() => inbox.state.unread === 0 && inbox.state.conversations[0]?.unread_count === 0);
  expect(inbox.state.notifications[0]?.is_read).toBe(true);
  expect(notified).toBeGreaterThan(2);
  unsubscribe();
  ana.stop();
  bo.stop();
});

test("presence follows a user going online and offline", async () => {
  const { id, ana, bo } = await startPair();
  const { inbox } = bo;
  await ana.conversation(id).send("Hi");
  await waitUntil(() => inbox.state.presence.get(ana.userId)?.online === true);
  ana.stop();
  await waitUntil(() => inbox.state.presence.get(ana.userId)?.online === false);
  bo.stop();
});

test("the inbox catches up after a lost connection", async () => {
  const { id, ana, bo } = await startPair();
  const { inbox } = bo;
  const conversation = ana.conversation(id);
  await waitUntil(() => inbox.state.isLoaded && conversation.state.status === "live");
  await control("/faults", { refuse: true, disconnect: true });
  await waitUntil(() => inbox.connectionState === "waiting");
  const sent = conversation.send("While you were away");
  await control("/faults", {});
  const ack = await sent;
  await waitUntil(() => inbox.state.conversations[0]?.last_message?.id === ack.message_id);
  await waitUntil(() => inbox.state.unread === 1);
  ana.stop();
  bo.stop();
});

test("the next message unarchives a conversation", async () => {
  const { id, ana, bo } = await startPair();
  const { inbox } = bo;
  await waitUntil(() => inbox.state.isLoaded);
  await inbox.setArchived(id, true);
  expect(inbox.state.conversations[0]?.is_archived).toBe(true);
  await ana.conversation(id).send("Back again");
  await waitUntil(() => inbox.state.conversations[0]?.is_archived === false);
  ana.stop();
  bo.stop();
});

test("an upload reports its progress, and a rejected message can be retried", async () => {
  const { id, ana, bo } = await startPair();
  const conversation = ana.conversation(id);
  await waitUntil(() => conversation.state.status === "live");
  const fractions: number[] = [];
  const file = new File(["a note for the fence"], "note.txt", { type: "text/plain" });
  const attachment = await ana.upload(id, file, { onProgress: (fraction) => fractions.push(fraction) });
  expect(fractions.at(-1)).toBe(1);
  const ack = await conversation.send("", { message_type: "file", attachment_ids: [attachment.id] });
  await waitUntil(() => conversation.messages.some((message) => message.id === ack.message_id));
  expect(conversation.messages[0]?.attachments[0]?.filename).toBe("note.txt");
  await conversation.refresh(ack.message_id);
  expect(conversation.messages[0]?.attachments[0]?.id).toBe(attachment.id);
  await expect(ana.upload(id, new File([], "nothing.txt"))).rejects.toMatchObject({ name: "ChatError" });

  await expect(conversation.send("", {})).rejects.toMatchObject({ name: "ChatError" });
  const [failed] = conversation.state.pending;
  await expect(conversation.retry(failed?.clientId ?? "")).rejects.toMatchObject({ name: "ChatError" });
  expect(conversation.state.pending.map(({ clientId }) => clientId)).toEqual([failed?.clientId]);
  conversation.discard(failed?.clientId ?? "");
  expect(conversation.state.pending).toEqual([]);
  ana.stop();
  bo.stop();
});
