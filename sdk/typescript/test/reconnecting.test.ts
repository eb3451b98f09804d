// What a page knows of its network and of being looked at: no vain attempts while offline, at once when there is hope,
// and a socket that only looks alive is found out. In Node the page is played.

import { afterEach, expect, test } from "vitest";
import type { Chat, ConnectionState } from "../src/index.js";
import { call, pair, person, until } from "./door.js";

const inBrowser = typeof document !== "undefined";
const played = { window: new EventTarget(), document: Object.assign(new EventTarget(), { visibilityState: "visible" }) };
if (!inBrowser) Object.assign(globalThis, played);

let started: Chat[] = [];

afterEach(async () => {
  for (const chat of started) chat.stop();
  started = [];
  Reflect.deleteProperty(navigator_(), "onLine");
  await call("/faults", { rules: [] });
});

/** `navigator`, which Node has from 21 on. */
function navigator_(): Navigator {
  if (!("navigator" in globalThis)) Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  return globalThis.navigator;
}

function setOnline(is: boolean): void {
  Object.defineProperty(navigator_(), "onLine", { value: is, configurable: true });
}

async function open(): Promise<{ chat: Chat; states: ConnectionState[] }> {
  const { ana } = await pair();
  const chat = await person(ana);
  started.push(chat);
  await until(() => chat.state === "open");
  const states: ConnectionState[] = [];
  chat.subscribe(() => states.push(chat.state));
  return { chat, states };
}

async function loseTheNetwork(chat: Chat): Promise<void> {
  setOnline(false);
  await call("/faults", { refuse: true, cut: true });
  await until(() => chat.state === "waiting");
  await call("/faults", {});
}

test("offline it waits without trying, and `online` brings it back at once", async () => {
  const { chat, states } = await open();
  await loseTheNetwork(chat);
  await new Promise((resolve) => setTimeout(resolve, 3_000)); // the first attempts would come within a second
  expect(states).toEqual(["waiting"]);
  setOnline(true);
  window.dispatchEvent(new Event("online"));
  await until(() => chat.state === "open");
  expect(states).toEqual(["waiting", "connecting", "open"]);
});

test("a page that is looked at again tries at once", async () => {
  const { chat, states } = await open();
  await loseTheNetwork(chat);
  document.dispatchEvent(new Event("visibilitychange"));
  await until(() => chat.state === "open");
  expect(states).toEqual(["waiting", "connecting", "open"]);
});

test("a socket that answers is kept, one that does not is replaced", async () => {
  const { chat, states } = await open();
  window.dispatchEvent(new Event("online"));
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  expect(states).toEqual([]);
  await call("/faults", { rules: [{ do: "drop", frame: "ack" }] });
  window.dispatchEvent(new Event("online"));
  await until(() => states.includes("waiting"));
  await until(() => chat.state === "open");
  expect(states.at(-1)).toBe("open");
});

test("a chat that was stopped is not woken", async () => {
  const { chat } = await open();
  chat.stop();
  window.dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("visibilitychange"));
  expect(chat.state).toBe("stopped");
});
