// The example of the README in React: rendered on a server, and in StrictMode, which runs every effect twice.

import { StrictMode, createElement, useEffect, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { expect, test } from "vitest";
import { Chat, MemoryOutbox } from "../src/index.js";
import { createDirectConversation, harness, issueToken, waitUntil } from "./helpers.js";

function Thread({ chat, id }: { chat: Chat; id: string }) {
  const conversation = chat.conversation(id);
  useEffect(() => {
    void chat.start();
    return () => chat.stop();
  }, [chat]);
  const getState = () => conversation.state;
  const state = useSyncExternalStore((fn) => conversation.subscribe(fn), getState, getState);
  const inboxState = () => chat.inbox.state;
  const inbox = useSyncExternalStore((fn) => chat.inbox.subscribe(fn), inboxState, inboxState);
  return createElement("p", null, `${state.status} ${state.messages.map((message) => message.content).join(", ")}; ${inbox.conversations.length} in the list`);
}

const createChat = (user: string) => new Chat({ url: harness.url, token: () => issueToken(user), outbox: new MemoryOutbox() });

test("a component renders on a server, which opens no connection", async () => {
  const chat = createChat("ana");
  expect(renderToString(createElement(Thread, { chat, id: "01900000-0000-7000-8000-000000000000" }))).toBe("<p>loading ; 0 in the list</p>");
  expect(chat.state).not.toBe("open");
});

test.skipIf(typeof document === "undefined")("in StrictMode a component is live, sends, and stops when it is removed", async () => {
  const { id, ana } = await createDirectConversation();
  const chat = createChat(ana);
  const container = document.body.appendChild(document.createElement("div"));
  const root = createRoot(container);
  root.render(createElement(StrictMode, null, createElement(Thread, { chat, id })));
  await waitUntil(() => /^live ; 1 in the list$/.test(container.textContent ?? ""));
  await chat.conversation(id).send("from StrictMode");
  await waitUntil(() => (container.textContent ?? "").startsWith("live from StrictMode"));
  root.unmount();
  await waitUntil(() => chat.state === "stopped");
  container.remove();
});
