// Shared by the tests: chat pages of demo users, and conversations created for a test.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page, expect, test as base } from "@playwright/test";
import { NetworkProxy } from "./network.ts";
import { serviceOf } from "./service.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export const service = serviceOf(Number(process.env.TEST_PARALLEL_INDEX ?? 0));
export const url = service.url;

export interface Member {
  readonly user_id: string;
  readonly role: "observer" | "participant" | "moderator" | "admin";
  readonly display_name?: string;
}

const tokens = new Map<string, string>();

export async function tokenOf(user: string): Promise<string> {
  if (tokens.size === 0) {
    const response = await fetch(`${url}/demo/users/`);
    const { results } = (await response.json()) as { results: { id: string; token: string }[] };
    for (const one of results) tokens.set(one.id, one.token);
  }
  return tokens.get(user) ?? "";
}

let serviceTokenCache = "";

export function serviceToken(): string {
  const args = ["token", "--service", "tests", "--scope", "chat:provision,chat:act_as"];
  serviceTokenCache ||= execFileSync(`${root}.venv/bin/wasgo-chat`, args, { encoding: "utf8" }).trim();
  return serviceTokenCache;
}

export async function callApi<Body>(method: string, path: string, token: string, body?: unknown): Promise<Body> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  // A keep-alive connection may have been closed just now; then nothing was sent and the request can be repeated.
  const response = await fetch(`${url}${path}`, init).catch(() => fetch(`${url}${path}`, init));
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

let conversationCount = 0;

/** Creates a job conversation with a unique title. */
export async function createJobConversation(members: readonly Member[], options: { title?: string; reference?: string } = {}): Promise<{ id: string; title: string }> {
  conversationCount++;
  const { title = `Errand ${process.pid}-${conversationCount}`, reference = `${process.pid}-${conversationCount}` } = options;
  const participants = members.map((one) => ({ ...one }));
  const { id } = await callApi<{ id: string }>("PUT", `/jobs/${reference}/conversation/`, serviceToken(), { title, participants });
  return { id, title };
}

/** Creates many job conversations, the last one last. */
export async function createConversations(count: number, describe: (at: number) => { title: string; members: readonly Member[] }, name = "list"): Promise<void> {
  for (let at = 0; at < count; at++) {
    const { title, members } = describe(at);
    await createJobConversation(members, { title, reference: `${process.pid}-${name}-${at}` });
  }
}

export async function sendMessage(user: string, conversation: string, content: string): Promise<string> {
  const message = await callApi<{ id: string }>("POST", "/chat/messages/", await tokenOf(user), { conversation, content });
  return message.id;
}

/** The actions that are buttons next to a message. */
const BUTTONS = new Set(["Add a reaction", "Reply"]);

/** A page with a user signed in, at a conversation. */
export class ChatPage {
  constructor(readonly page: Page) {}

  get field(): Locator {
    return this.page.getByRole("textbox", { name: /^Write to/ });
  }

  message(content: string): Locator {
    return this.page.locator(".message").filter({ has: this.page.locator(".message-text", { hasText: content }) });
  }

  async send(content: string): Promise<void> {
    await this.field.fill(content);
    await this.field.press("Enter");
  }

  /** The texts of all rendered messages, in order. */
  async messageTexts(): Promise<string[]> {
    return this.page.locator(".message .message-text").allInnerTexts();
  }

  /** Clicks an action next to a message, or in its menu. */
  async clickAction(content: string, action: string): Promise<void> {
    const message = this.message(content);
    await message.hover();
    if (BUTTONS.has(action)) await message.getByRole("button", { name: action, exact: true }).click();
    else {
      await message.getByRole("button", { name: "More actions" }).click();
      await this.page.getByRole("menuitem", { name: action, exact: true }).click();
    }
  }
}

// Closed after each test, because the number of connections per user is limited.
const openContexts: BrowserContext[] = [];

export async function openChat(browser: Browser, user: string, conversation = "", options: BrowserContextOptions = {}, baseUrl = url): Promise<ChatPage> {
  const context = await browser.newContext(options);
  openContexts.push(context);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.soft(error, "uncaught error on the page").toBeUndefined());
  await page.goto(`${baseUrl}/#${user}${conversation && `/${conversation}`}`);
  if (conversation) await expect(page.locator(".chat[data-status=live]")).toBeVisible();
  else await expect(page.getByRole("navigation")).toBeVisible();
  return new ChatPage(page);
}

/** Closes what covers the page. Its entry in the browser's history is removed then, which would interrupt a navigation. */
export async function closeWithEscape(page: Page): Promise<void> {
  await page.keyboard.press("Escape");
  await expect.poll(() => page.evaluate(() => history.state as unknown)).toBeNull();
}

/** Waits for transitions to end: until then elements are smaller and partly transparent. */
export async function waitForAnimations(page: Page): Promise<void> {
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished)));
}

export const test = base.extend<{ network: NetworkProxy; closedContexts: undefined }>({
  closedContexts: [
    async ({}, use) => {
      await use(undefined);
      for (const context of openContexts.splice(0)) await context.close();
    },
    { auto: true },
  ],
  network: async ({}, use) => {
    const network = await new NetworkProxy(service.networkPort, service.port).start();
    await use(network);
    await network.stop();
  },
});
export { expect };
