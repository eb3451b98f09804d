// Unread messages, read receipts, and the scroll position.

import type { Locator, Page } from "@playwright/test";
import { formatShortDate, formatDay } from "../src/shared/times.ts";
import { expect, createJobConversation, sendMessage, openChat, test } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;

/** Simulates switching to another tab and back. */
async function setPageVisible(page: Page, isVisible: boolean): Promise<void> {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    document.dispatchEvent(new Event("visibilitychange"));
  }, isVisible ? "visible" : "hidden");
}

test("the scroll position is kept when another device sends a message", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  for (let at = 0; at < 30; at++) await sendMessage(at % 2 ? "ana" : "bo", id, `number ${at}\nwith\nlines`);
  const ana = await openChat(browser, "ana", id);
  const log = ana.page.getByRole("log");
  await expect(ana.message("number 29")).toBeVisible();
  await log.hover();
  await ana.page.mouse.wheel(0, -900);
  const jump = ana.page.getByRole("button", { name: /^Jump to the newest/ });
  await expect(jump).toBeVisible();
  const before = await log.evaluate((element) => element.scrollTop);
  await sendMessage("ana", id, "from elsewhere");
  await expect(ana.page.getByRole("navigation").getByRole("button", { name: title })).toContainText("You: from elsewhere");
  await expect(jump).toBeVisible();
  expect(await log.evaluate((element) => element.scrollTop)).toBe(before);
  await sendMessage("bo", id, "from bo");
  await expect(jump).toHaveAccessibleName(/1 unread/);
  await jump.click();
  await expect(ana.page.locator(".thread-row[data-kind=unread] + .thread-row")).toContainText("from bo");
  await ana.page.mouse.wheel(0, -900);
  await expect(jump).toBeVisible();
  await ana.send("from here");
  await expect(ana.message("from here")).toBeInViewport();
  await expect(jump).toBeHidden();
});

for (const [name, viewport] of Object.entries({ desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } })) {
  test(`the jump button covers no text and moves nothing, ${name}`, async ({ browser }) => {
    const { id } = await createJobConversation(BOTH);
    const filler = "Enough text to fill more than one line, so that there is text everywhere. ".repeat(4);
    for (let at = 0; at < 12; at++) await sendMessage(at % 2 ? "ana" : "bo", id, `number ${at}: ${filler}`);
    const ana = await openChat(browser, "ana", id, { viewport, reducedMotion: "reduce" });
    const last = ana.message("number 11:");
    const jump = ana.page.getByRole("button", { name: /^Jump to the newest/ });
    await expect(last).toBeInViewport();
    await expect(jump).toBeHidden();
    const atEnd = await topEdge(last);
    await ana.page.getByRole("log").hover();
    for (const step of [60, 7, 7, 7, 7, 7]) {
      const before = await topEdge(last);
      await ana.page.mouse.wheel(0, -step);
      await expect.poll(() => topEdge(last)).toBeCloseTo(before + step, 0);
      await expect(jump).toBeVisible();
      expect(await ana.page.evaluate(textsUnderJumpButton)).toEqual([]);
    }
    await ana.page.mouse.wheel(0, 60);
    await expect(jump).toBeHidden();
    await expect.poll(() => topEdge(last)).toBeCloseTo(atEnd, 0);
  });
}

async function topEdge(element: Locator): Promise<number> {
  return (await element.boundingBox())?.y ?? NaN;
}

/** Lines of text in view that the jump button covers. */
function textsUnderJumpButton(): string[] {
  const frame = document.querySelector(".thread")?.getBoundingClientRect() ?? new DOMRect();
  const button = document.querySelector(".jump")?.getBoundingClientRect() ?? new DOMRect();
  const found: string[] = [];
  const texts = document.createTreeWalker(document.querySelector(".thread") ?? document, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const line of range.getClientRects()) {
      const [top, bottom] = [Math.max(line.top, frame.top), Math.min(line.bottom, frame.bottom)];
      const isBeside = line.right <= button.left || line.left >= button.right;
      if (top < bottom && !isBeside && top < button.bottom && bottom > button.top) found.push(texts.currentNode.textContent ?? "");
    }
  }
  return found;
}

test("messages that arrive while the page is hidden are below the unread line and counted in the tab title", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("ana", id, "read already");
  const ana = await openChat(browser, "ana", id);
  const row = ana.page.getByRole("navigation").getByRole("button", { name: title });
  await expect(row).not.toContainText("unread");
  await expect(ana.page.getByText("New messages")).toHaveCount(0);
  const before = Number(/\((\d+)\)/.exec(await ana.page.title())?.[1] ?? 0);
  expect(await ana.page.evaluate(() => document.documentElement.lang)).toBe("en-GB");
  await setPageVisible(ana.page, false);
  await sendMessage("bo", id, "while away");
  await expect(ana.message("while away")).toBeVisible();
  await expect(ana.page.getByText("New messages")).toBeVisible();
  await expect(row).toContainText("1 unread");
  await expect(ana.page).toHaveTitle(`(${before + 1}) Chat · wasgo-chat`);
  await setPageVisible(ana.page, true);
  await expect(row).not.toContainText("unread");
  await expect(ana.page.getByText("New messages")).toBeVisible();
  await setPageVisible(ana.page, false);
  await sendMessage("bo", id, "once more");
  await expect(ana.message("once more")).toBeVisible();
  const kinds = () => ana.page.locator(".thread-row").evaluateAll((rows) => rows.map((one) => (one as HTMLElement).dataset.kind).slice(-4));
  await expect.poll(kinds).toEqual(["message", "unread", "message", "end"]);
});

test("the open conversation is shown as read before the service confirms it", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "hello");
  const ana = await openChat(browser, "ana");
  const row = ana.page.getByRole("navigation").getByRole("button", { name: title });
  await expect(row).toContainText("1 unread");
  await ana.page.route(/mark_read\//, () => {});
  await row.click();
  await expect(ana.message("hello")).toBeVisible();
  await expect(row).not.toContainText("unread");
});

test("a search covers archived conversations, and reports matches hidden by the type filter", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "hello");
  const { page } = await openChat(browser, "ana", id);
  const list = page.getByRole("navigation");
  await page.getByRole("button", { name: "Details" }).click();
  await page.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(list.getByText(title)).toHaveCount(0);
  await page.getByRole("searchbox").fill(title);
  await expect(list.getByRole("button", { name: title })).toContainText("Archived");
  await page.getByRole("button", { name: "Bids" }).click();
  await expect(list.getByText("No matches in this category")).toBeVisible();
  await list.getByRole("button", { name: "Search all types" }).click();
  await expect(list.getByRole("button", { name: title })).toBeVisible();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("button", { name: "Bids" }).click();
  await list.getByRole("button", { name: /^Archived/ }).click();
  await expect(page.getByRole("button", { name: "Bids" })).toHaveAttribute("aria-pressed", "true");
});

test("filter chips wrap", async ({ browser }) => {
  const { page } = await openChat(browser, "ana", "", { viewport: { width: 390, height: 844 } });
  const group = page.getByRole("group", { name: "Conversation types" });
  await expect(group.getByRole("button").nth(5)).toBeVisible();
  expect(await group.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  expect(await group.evaluate((element) => [...element.children].every((one) => one.getBoundingClientRect().right <= innerWidth))).toBe(true);
});

test("notification preferences of a conversation are saved", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page } = await openChat(browser, "ana", id);
  const open = () => page.getByRole("button", { name: "Details" }).click();
  await open();
  const level = page.getByRole("complementary").getByLabel("Notify me about");
  await level.selectOption("Mentions and replies only");
  await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
  await page.getByRole("complementary").getByLabel("Mute").selectOption("For a day");
  await expect(page.getByRole("complementary").getByLabel("Mute")).toHaveValue("current");
  await page.reload();
  await open();
  await expect(level).toHaveValue("mentions");
  await expect(page.getByRole("complementary").getByLabel("Mute")).toHaveValue("current");
});

test("dates of another year include the year", () => {
  const now = new Date(2026, 5, 15);
  expect(formatShortDate(new Date(2026, 2, 3).toISOString(), now)).toBe("3 Mar");
  expect(formatShortDate(new Date(2024, 2, 3).toISOString(), now)).toBe("3 Mar 2024");
  expect(formatDay(new Date(2024, 2, 3).toISOString(), now)).toContain("2024");
});
