// The stage's door, as the tests call it.

import { inject } from "vitest";
import { Chat, type ChatOptions, MemoryOutbox } from "../src/index.js";

export const stage = inject("stage");

export async function call<Answer>(path: string, body?: unknown): Promise<Answer> {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(`${stage.door}${path}`, body === undefined ? {} : init);
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

export async function token(user: string, ttl_s = 3600): Promise<string> {
  return (await call<{ token: string }>("/token", { user, ttl_s })).token;
}

/** Somebody with a running chat. */
export async function person(user: string, more: Partial<ChatOptions> = {}): Promise<Chat> {
  return new Chat({ url: stage.url, token: () => token(user), outbox: new MemoryOutbox(), ...more }).start();
}

const PATIENCE_MS = 90_000;

/** Waits for something, looking every so many milliseconds. */
export async function until(isSo: () => boolean | Promise<boolean>, every = 25): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`it never came: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** A direct conversation of two new people. */
export async function pair(): Promise<{ id: string; ana: string; bo: string }> {
  const [ana, bo] = [`ana-${crypto.randomUUID()}`, `bo-${crypto.randomUUID()}`];
  const response = await fetch(`${stage.url}/chat/conversations/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await token(ana)}`, "Content-Type": "application/json" },
    body: JSON.stringify({ conversation_type: "direct", participant_ids: [bo] }),
  });
  return { id: ((await response.json()) as { id: string }).id, ana, bo };
}
