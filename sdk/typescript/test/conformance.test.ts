// The driver of the conformance kit for this client. sdk/conformance/README.md documents the steps.

import { test } from "vitest";
import { Chat, type Conversation, IndexedDbOutbox, MemoryOutbox, type OutboxStore } from "../src/index.js";
import { control, issueToken, waitUntil } from "./helpers.js";

interface Step {
  harness?: string;
  client?: string;
  await?: string;
  content?: string;
  message?: string;
  emoji?: string;
  action?: "add" | "remove";
  is?: unknown;
  count?: number;
}

interface Plan {
  run: string;
  /** The service behind the proxy of this run. */
  url: string;
  user: string;
  conversation: string;
  token_ttl_s: number;
  steps: Step[];
}

const COMPARE_INTERVAL_MS = 200;

class Driver {
  chat: Chat | undefined;
  readonly #outbox: OutboxStore;

  constructor(private readonly plan: Plan) {
    this.#outbox = typeof indexedDB === "undefined" ? new MemoryOutbox() : new IndexedDbOutbox(plan.run);
  }

  get conversation(): Conversation {
    return (this.chat as Chat).conversation(this.plan.conversation);
  }

  async perform(step: Step): Promise<void> {
    if (step.harness) await control("/step", { run: this.plan.run, step });
    else if (step.client) await this.#act(step.client, step);
    else await waitUntil(() => this.#holds(step), step.await === "in_sync" ? COMPARE_INTERVAL_MS : undefined);
  }

  async #act(action: string, step: Step): Promise<void> {
    const { content = "", emoji = "" } = step;
    switch (action) {
      case "follow": {
        const { url, user, token_ttl_s } = this.plan;
        this.chat ??= new Chat({ url, token: () => issueToken(user, token_ttl_s), outbox: this.#outbox });
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
        return this.#retry(() => this.conversation.edit(this.#messageId(step), content));
      case "delete":
        return this.#retry(() => this.conversation.delete(this.#messageId(step)));
      case "react":
        return this.#retry(() => this.conversation.react(this.#messageId(step), emoji, step.action));
      case "read_all":
        return this.conversation.markRead();
      default:
        throw new Error(`unknown client step ${action}`);
    }
  }

  /** Retries an idempotent action, because the client may be reconnecting. */
  async #retry(act: () => Promise<unknown>): Promise<void> {
    await waitUntil(async () => {
      try {
        await act();
        return true;
      } catch {
        return false;
      }
    });
  }

  async #holds(step: Step): Promise<boolean> {
    const { status, pending, unread } = this.conversation.state;
    switch (step.await) {
      case "status":
        return status === step.is;
      case "pending":
        return pending.filter((message) => !message.failed).length === step.count;
      case "failed":
        return pending.filter((message) => message.failed).length === step.count;
      case "unread":
        return unread === step.count;
      case "stored":
        return this.conversation.messages.filter((message) => message.content === step.content).length === step.count;
      case "in_sync":
        return status === "live" && (await this.#compare()).same;
      default:
        throw new Error(`unknown condition ${step.await}`);
    }
  }

  async #compare(): Promise<{ same: boolean }> {
    const { conversation, participants, messages } = this.conversation.state;
    const state = {
      last_seq: this.conversation.lastSeq,
      title: conversation?.title,
      status: conversation?.status,
      metadata: conversation?.metadata,
      participants: Object.fromEntries(participants.map(({ user, role }) => [user.id, role])),
      messages,
    };
    return control("/compare", { run: this.plan.run, state });
  }

  #messageId(step: Step): string {
    return this.conversation.messages.find((message) => message.content === step.message)?.id ?? "not found";
  }
}

const names = await control<string[]>("/scenarios");

test.concurrent.each(names)("%s", async (name) => {
  const plan = await control<Plan>("/start", { name });
  const driver = new Driver(plan);
  try {
    for (const step of plan.steps) await driver.perform(step);
  } finally {
    driver.chat?.stop();
    await control("/finish", { run: plan.run });
  }
});
