// Helpers for tests against the live service of the conformance harness.

import { inject } from "vitest";
import { Chat, type ChatOptions, MemoryOutbox } from "../src/index.js";

export const harness = inject("harness");

/** Calls the control API of the harness. */
export async function control<Response>(path: string, body?: unknown): Promise<Response> {
  const init = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const response = await fetch(`${harness.control}${path}`, body === undefined ? {} : init);
  const result = (await response.json()) as Response;
  if (!response.ok) throw new Error(JSON.stringify(result));
  return result;
}

export async function issueToken(user: string, ttl_s = 3600): Promise<string> {
  return (await control<{ token: string }>("/token", { user, ttl_s })).token;
}

export function uniqueName(name: string): string {
  return `${name}-${crypto.randomUUID()}`;
}

/** Starts a chat for a user. */
export async function startChat(user: string, options: Partial<ChatOptions> = {}): Promise<Chat> {
  return new Chat({ url: harness.url, token: () => issueToken(user), outbox: new MemoryOutbox(), ...options }).start();
}

const TIMEOUT_MS = 90_000;
const INTERVAL_MS = 25;
// Tests may replace the global timers with fake ones.
const { setTimeout } = globalThis;

/** Polls a condition until it holds. */
export async function waitUntil(condition: () => boolean | Promise<boolean>, intervalMs = INTERVAL_MS): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`timed out after ${TIMEOUT_MS} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** Creates a direct conversation between two new users. */
export async function createDirectConversation(): Promise<{ id: string; ana: string; bo: string }> {
  const [ana, bo] = [uniqueName("ana"), uniqueName("bo")];
  const response = await fetch(`${harness.url}/chat/conversations/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await issueToken(ana)}`, "Content-Type": "application/json" },
    body: JSON.stringify({ conversation_type: "direct", participant_ids: [bo] }),
  });
  return { id: ((await response.json()) as { id: string }).id, ana, bo };
}

export interface ChatPair {
  readonly id: string;
  readonly ana: Chat;
  readonly bo: Chat;
}

/** Creates a direct conversation, and starts a chat for each of its two users. */
export async function startPair(): Promise<ChatPair> {
  const { id, ana, bo } = await createDirectConversation();
  return { id, ana: await startChat(ana), bo: await startChat(bo) };
}

/** Creates the conversation of a new job. The first user is its admin. */
export async function createJobConversation(userIds: readonly string[]): Promise<string> {
  const { token } = await control<{ token: string }>("/token", { service: "tests" });
  const participants = userIds.map((user_id, index) => ({ user_id, role: index === 0 ? "admin" : "participant" }));
  const response = await fetch(`${harness.url}/jobs/${crypto.randomUUID()}/conversation/`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify({ title: "A job", participants }),
  });
  return ((await response.json()) as { id: string }).id;
}

/** A `fetch` that holds back the responses of matching requests until `release`. */
export class ResponseGate {
  /** The number of responses held back. */
  held = 0;
  #matches: ((url: URL) => boolean) | undefined;
  #release = () => {};
  #released = Promise.resolve();

  hold(matches: (url: URL) => boolean): void {
    this.#matches = matches;
    this.#released = new Promise((resolve) => (this.#release = resolve));
  }

  release(): void {
    this.#matches = undefined;
    this.held = 0;
    this.#release();
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const isHeld = this.#matches?.(new URL(new Request(input, init).url));
    const response = await fetch(input, init);
    if (isHeld) {
      this.held++;
      await this.#released;
    }
    return response;
  };
}
