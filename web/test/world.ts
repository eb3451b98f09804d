// What the tests speak of: people with pages, and conversations made for them.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, expect, test as base } from "@playwright/test";
import { Network } from "./network.ts";
import { Service } from "./service.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { port, data, networkPort } = JSON.parse(process.env.BROWSERS_SERVICE ?? "{}") as Record<"port" | "networkPort", number> & { data: string };

export const service = new Service(port, data, networkPort);
export const url = service.url;

export interface Member {
  readonly user_id: string;
  readonly role: "observer" | "participant" | "moderator" | "admin";
}

const tokens = new Map<string, string>();

export async function tokenOf(user: string): Promise<string> {
  if (tokens.size === 0) {
    const answer = await fetch(`${url}/demo/users/`);
    const { results } = (await answer.json()) as { results: { id: string; token: string }[] };
    for (const one of results) tokens.set(one.id, one.token);
  }
  return tokens.get(user) ?? "";
}

let platform = "";

function platformToken(): string {
  const words = ["token", "--service", "tests", "--scope", "chat:provision,chat:act_as"];
  platform ||= execFileSync(`${ROOT}.venv/bin/wasgo-chat`, words, { encoding: "utf8" }).trim();
  return platform;
}

export async function call<Answer>(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  // A connection that was kept may have been closed at this very moment; then nothing was asked yet.
  const answer = await fetch(`${url}${path}`, init).catch(() => fetch(`${url}${path}`, init));
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

let made = 0;

/** A job's conversation of its own, with a title that no other has. */
export async function job(members: readonly Member[], as: { title?: string; reference?: string } = {}): Promise<{ id: string; title: string }> {
  made++;
  const { title = `Errand ${process.pid}-${made}`, reference = `${process.pid}-${made}` } = as;
  const participants = members.map((one) => ({ ...one }));
  const { id } = await call<{ id: string }>("PUT", `/jobs/${reference}/conversation/`, platformToken(), { title, participants });
  return { id, title };
}

export async function say(user: string, conversation: string, content: string): Promise<string> {
  const message = await call<{ id: string }>("POST", "/chat/messages/", await tokenOf(user), { conversation, content });
  return message.id;
}

/** Somebody at their page, at a conversation. */
export class Seat {
  constructor(readonly page: Page) {}

  get field(): Locator {
    return this.page.getByRole("textbox", { name: /^Write to/ });
  }

  message(words: string): Locator {
    return this.page.locator(".message").filter({ has: this.page.locator(".message-text", { hasText: words }) });
  }

  async writes(words: string): Promise<void> {
    await this.field.fill(words);
    await this.field.press("Enter");
  }

  /** The words of every message that is there, in order. */
  async words(): Promise<string[]> {
    return this.page.locator(".message .message-text").allInnerTexts();
  }

  async acts(words: string, button: string): Promise<void> {
    await this.message(words).hover();
    await this.message(words).getByRole("button", { name: button, exact: true }).click();
  }
}

// Those who sat down leave with their test: a user may have so many sockets only.
const seated: BrowserContext[] = [];

export async function sit(browser: Browser, user: string, conversation = "", options: BrowserContextOptions = {}, at = url): Promise<Seat> {
  const context = await browser.newContext(options);
  seated.push(context);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.soft(error, "an error on the page").toBeUndefined());
  await page.goto(`${at}/#${user}${conversation && `/${conversation}`}`);
  if (conversation) await expect(page.locator(".chat[data-status=live]")).toBeVisible();
  else await expect(page.getByRole("navigation")).toBeVisible();
  return new Seat(page);
}

/** `network`: what lies between a page and the service. */
/** Once nothing moves in any more: what does is smaller than it will be, and half transparent. */
export async function atRest(page: Page): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished)));
}

export const test = base.extend<{ network: Network; leaving: undefined }>({
  leaving: [
    async ({}, use) => {
      await use(undefined);
      for (const context of seated.splice(0)) await context.close();
    },
    { auto: true },
  ],
  network: async ({}, use) => {
    const network = await new Network(networkPort, port).start();
    await use(network);
    await network.stop();
  },
});
export { expect };
