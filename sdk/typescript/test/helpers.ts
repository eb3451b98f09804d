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

/** A job's conversation of these, the first of them its admin. */
export async function job(members: readonly string[]): Promise<string> {
  const { token: platform } = await call<{ token: string }>("/token", { service: "tests" });
  const participants = members.map((user_id, at) => ({ user_id, role: at === 0 ? "admin" : "participant" }));
  const response = await fetch(`${stage.url}/jobs/${crypto.randomUUID()}/conversation/`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${platform}`, "Content-Type": "application/json" },
    body: JSON.stringify({ title: "A job", participants }),
  });
  return ((await response.json()) as { id: string }).id;
}

/** Answers of the service that are held back, for requests that match, until they are let go. */
export class Gate {
  held = 0;
  #matches: ((url: URL) => boolean) | undefined;
  #open = () => {};
  #opened = Promise.resolve();

  close(matches: (url: URL) => boolean): void {
    this.#matches = matches;
    this.#opened = new Promise((resolve) => (this.#open = resolve));
  }

  open(): void {
    this.#matches = undefined;
    this.held = 0;
    this.#open();
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const isHeld = this.#matches?.(new URL(new Request(input, init).url));
    const response = await fetch(input, init);
    if (isHeld) {
      this.held++;
      await this.#opened;
    }
    return response;
  };
}
