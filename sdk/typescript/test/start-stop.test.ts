// A chat can be started again after it was stopped, as React's StrictMode does in development.

import { expect, test } from "vitest";
import { Chat, MemoryOutbox } from "../src/index.js";
import { createDirectConversation, harness, issueToken, startPair, waitUntil } from "./helpers.js";

test("a chat that is started, stopped and started again is live, and its inbox too", async () => {
  const { id, ana } = await createDirectConversation();
  let sockets = 0;
  class CountedSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets++;
    }
  }
  const options = { WebSocket: CountedSocket as unknown as typeof WebSocket, outbox: new MemoryOutbox() };
  const chat = new Chat({ url: harness.url, token: () => issueToken(ana), ...options });
  const conversation = chat.conversation(id);
  const { inbox } = chat;
  // React runs the effect, its cleanup, and the effect again, without waiting.
  const first = chat.start();
  chat.stop();
  await Promise.all([first, chat.start(), chat.start()]);
  await waitUntil(() => conversation.state.status === "live" && inbox.state.isLoaded);
  expect(sockets).toBe(2);
  await conversation.send("after StrictMode");

  chat.stop();
  expect(chat.state).toBe("stopped");
  const whileStopped = conversation.send("while stopped");
  await chat.start();
  await whileStopped;
  await waitUntil(() => conversation.messages.length === 2 && inbox.connectionState === "open");
  expect(conversation.state.pending).toEqual([]);
  chat.stop();
});

test("reading the inbox of a chat that was not started opens no connection", async () => {
  let sockets = 0;
  class NoSocket {
    constructor() {
      sockets++;
    }
  }
  const options = { WebSocket: NoSocket as unknown as typeof WebSocket, outbox: new MemoryOutbox() };
  const chat = new Chat({ url: harness.url, token: () => issueToken("ana"), ...options });
  expect(chat.inbox.state.status).toBe("loading");
  await new Promise((resolve) => setTimeout(resolve));
  expect(sockets).toBe(0);
});

test("messages are sent without crypto.randomUUID, which insecure pages and React Native lack", async () => {
  const { id, ana, bo } = await startPair();
  const original = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  const getRandomValues = crypto.getRandomValues.bind(crypto);
  const acks = [];
  try {
    for (const value of [undefined, {}, { getRandomValues }]) {
      Object.defineProperty(globalThis, "crypto", { value, configurable: true });
      acks.push(await ana.conversation(id).send("no secure context"));
    }
  } finally {
    if (original) Object.defineProperty(globalThis, "crypto", original);
    else Reflect.deleteProperty(globalThis, "crypto"); // Chromium has it on the prototype of the window
  }
  expect(new Set(acks.map((ack) => ack.message_id)).size).toBe(3);
  ana.stop();
  bo.stop();
});
