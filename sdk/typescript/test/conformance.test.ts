// The driver of the conformance kit for this client: sdk/conformance/README.md says what the steps mean.

import { test } from "vitest";
import { Chat, type Conversation, IndexedDbOutbox, MemoryOutbox, type OutboxStore } from "../src/index.js";
import { call, token, until } from "./door.js";

interface Step {
  stage?: string;
  client?: string;
  await?: string;
  content?: string;
  message?: string;
  emoji?: string;
  action?: "add" | "remove";
  is?: unknown;
  count?: number;
}

interface Programme {
  play: string;
  /** The service, behind a proxy of this scenario's own. */
  url: string;
  user: string;
  conversation: string;
  token_ttl_s: number;
  steps: Step[];
}

class Driver {
  chat: Chat | undefined;
  readonly #outbox: OutboxStore;

  constructor(private readonly programme: Programme) {
    this.#outbox = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(programme.play);
  }

  get conversation(): Conversation {
    return (this.chat as Chat).conversation(this.programme.conversation);
  }

  async step(step: Step): Promise<void> {
    if (step.stage) await call("/do", { play: this.programme.play, step });
    else if (step.client) await this.#act(step.client, step);
    else await until(() => this.#isSo(step), step.await === "in_sync" ? 200 : 25);
  }

  async #act(verb: string, step: Step): Promise<void> {
    const { content = "", emoji = "", action } = step;
    switch (verb) {
      case "follow": {
        const { url, user, token_ttl_s } = this.programme;
        this.chat ??= new Chat({ url, token: () => token(user, token_ttl_s), outbox: this.#outbox });
        this.conversation;
        await this.chat.start();
        return;
      }
      case "reload":
        this.chat?.stop();
        this.chat = undefined;
        return;
      case "send":
        this.conversation.send(content).catch(() => {});
        return;
      case "edit":
        return this.#insist(() => this.conversation.edit(this.#idOf(step), content));
      case "delete":
        return this.#insist(() => this.conversation.delete(this.#idOf(step)));
      case "react":
        return this.#insist(() => this.conversation.react(this.#idOf(step), emoji, action));
      case "read_all":
        return this.conversation.markRead();
      default:
        throw new Error(`there is no step ${verb}`);
    }
  }

  /** These are safe to repeat, and a connection may be just coming back. */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    await until(async () => {
      try {
        await act();
        return true;
      } catch {
        return false;
      }
    });
  }

  async #isSo(step: Step): Promise<boolean> {
    const { status, pending, unread } = this.conversation.state;
    switch (step.await) {
      case "status":
        return status === step.is;
      case "pending":
        return pending.filter((one) => !one.failed).length === step.count;
      case "failed":
        return pending.filter((one) => one.failed).length === step.count;
      case "unread":
        return unread === step.count;
      case "stored":
        return this.conversation.messages.filter((one) => one.content === step.content).length === step.count;
      case "in_sync":
        return status === "live" && (await this.#compare()).same;
      default:
        throw new Error(`nothing is called ${step.await}`);
    }
  }

  async #compare(): Promise<{ same: boolean }> {
    const { conversation, participants, messages } = this.conversation.state;
    const state = {
      last: this.conversation.last,
      title: conversation?.title,
      status: conversation?.status,
      metadata: conversation?.metadata,
      participants: Object.fromEntries(participants.map((one) => [one.user.id, one.role])),
      messages,
    };
    return call("/compare", { play: this.programme.play, state });
  }

  #idOf(step: Step): string {
    const found = this.conversation.messages.find((one) => one.content === step.message);
    return found?.id ?? "nothing";
  }
}

const names = await call<string[]>("/scenarios");

test.concurrent.each(names)("%s", async (name) => {
  const programme = await call<Programme>("/begin", { name });
  const driver = new Driver(programme);
  try {
    for (const step of programme.steps) await driver.step(step);
  } finally {
    driver.chat?.stop();
    await call("/end", { play: programme.play });
  }
});
