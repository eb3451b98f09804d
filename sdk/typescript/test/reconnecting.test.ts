// The client uses the page's `online` and `visibilitychange` events: no attempts while offline, an attempt at once when the
// network or page is back, and a check whether an open socket still works. In Node the tests provide `window` and `document`.

import { afterEach, expect, test, vi } from "vitest";
import type { Chat, ConnectionState } from "../src/index.js";
import { control, createDirectConversation, startChat, waitUntil } from "./helpers.js";

// Longer than any delay of the client, so that everything it has scheduled runs.
const LONG_MS = 120_000;
const fakePage = { window: new EventTarget(), document: Object.assign(new EventTarget(), { visibilityState: "visible" }) };
if (typeof document === "undefined") Object.assign(globalThis, fakePage);

let chats: Chat[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const chat of chats) chat.stop();
  chats = [];
  Reflect.deleteProperty(navigatorObject(), "onLine");
  await control("/faults", { rules: [] });
});

/** The global `navigator`, which Node has since version 21. */
function navigatorObject(): Navigator {
  if (!("navigator" in globalThis)) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  return globalThis.navigator;
}

function setOnline(isOnline: boolean): void {
  Object.defineProperty(navigatorObject(), "onLine", { value: isOnline, configurable: true });
}

/** Starts a chat, and records its connection states from then on. */
async function openChat(): Promise<{ chat: Chat; id: string; states: ConnectionState[] }> {
  const { id, ana } = await createDirectConversation();
  const chat = await startChat(ana);
  chats.push(chat);
  await waitUntil(() => chat.state === "open");
  const states: ConnectionState[] = [];
  chat.subscribe(() => states.push(chat.state));
  return { chat, id, states };
}

async function loseNetwork(chat: Chat): Promise<void> {
  setOnline(false);
  await control("/faults", { refuse: true, disconnect: true });
  await waitUntil(() => chat.state === "waiting");
  await control("/faults", {});
}

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
}

test("the client makes no attempt while offline, and reconnects at once on `online`", async () => {
  const { chat, states } = await openChat();
  fakeTimers();
  await loseNetwork(chat);
  vi.advanceTimersByTime(LONG_MS);
  expect(states).toEqual(["waiting"]);
  setOnline(true);
  window.dispatchEvent(new Event("online"));
  await waitUntil(() => chat.state === "open");
  expect(states).toEqual(["waiting", "connecting", "open"]);
});

test("the client reconnects at once when the page becomes visible", async () => {
  const { chat, states } = await openChat();
  await loseNetwork(chat);
  document.dispatchEvent(new Event("visibilitychange"));
  await waitUntil(() => chat.state === "open");
  expect(states).toEqual(["waiting", "connecting", "open"]);
});

test("the client keeps a socket that answers the probe", async () => {
  const { chat, states } = await openChat();
  fakeTimers();
  window.dispatchEvent(new Event("online"));
  const timersOfProbe = vi.getTimerCount();
  expect(timersOfProbe).toBeGreaterThan(0);
  await waitUntil(() => vi.getTimerCount() < timersOfProbe); // the answer clears them
  vi.advanceTimersByTime(LONG_MS);
  expect(states).toEqual([]);
  expect(chat.state).toBe("open");
});

for (const [name, act] of Object.entries({
  "the browser reports that it is offline": () => window.dispatchEvent(new Event("offline")),
  "a message is not answered": (chat: Chat, id: string) => void chat.conversation(id).send("unanswered"),
})) {
  test(`the client replaces a silent socket soon after ${name}`, async () => {
    const { chat, id, states } = await openChat();
    await waitUntil(() => chat.conversation(id).state.status === "live");
    await control("/faults", { rules: [{ do: "drop", frame: "ack", times: 9 }, { do: "drop", frame: "new_message" }] });
    const startedAt = Date.now();
    act(chat, id);
    await waitUntil(() => states.includes("waiting"));
    expect(Date.now() - startedAt).toBeLessThan(15_000);
    await control("/faults", { rules: [] });
    await waitUntil(() => chat.state === "open");
  });
}

test("the client replaces a socket that does not answer the probe", async () => {
  const { chat, states } = await openChat();
  await control("/faults", { rules: [{ do: "drop", frame: "ack" }] });
  window.dispatchEvent(new Event("online"));
  await waitUntil(() => states.includes("waiting"));
  await waitUntil(() => chat.state === "open");
  expect(states.at(-1)).toBe("open");
});

test("a stopped chat does not reconnect", async () => {
  const { chat } = await openChat();
  chat.stop();
  window.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(chat.state).toBe("stopped");
});
