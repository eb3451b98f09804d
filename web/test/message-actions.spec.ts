// The actions next to a message, and what is marked on messages: one bar at a time, which covers no text.

import type { Page } from "@playwright/test";
import { callApi, createConversations, expect, createJobConversation, openChat, sendMessage, test, tokenOf } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;

/** The texts that visible bars of actions cover. */
function coveredTexts(): string[] {
  const bars = [...document.querySelectorAll(".actions")].filter((one) => getComputedStyle(one).opacity !== "0").map((one) => one.getBoundingClientRect());
  const found: string[] = [];
  const texts = document.createTreeWalker(document.querySelector(".thread") ?? document, NodeFilter.SHOW_TEXT, (node) => (node.parentElement?.closest(".visually-hidden, .actions") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  while (texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(texts.currentNode);
    for (const line of range.getClientRects()) {
      const isCovered = bars.some((bar) => line.left < bar.right && line.right > bar.left && line.top < bar.bottom && line.bottom > bar.top);
      if (isCovered) found.push(texts.currentNode.textContent ?? "");
    }
  }
  return found;
}

const visibleBars = (page: Page) => page.locator(".actions").evaluateAll((bars) => bars.filter((one) => getComputedStyle(one).opacity === "1").length);

for (const [name, width] of [["desktop", 1280], ["half a window", 640], ["a narrow window", 390]] as const) {
  test(`one bar of actions at a time covers no text: ${name}`, async ({ browser }) => {
    const { id } = await createJobConversation(BOTH);
    const words = "Enough text to fill more than one line, so that there is text everywhere. ".repeat(3);
    for (let at = 0; at < 6; at++) await sendMessage(at % 3 === 0 ? "ana" : "bo", id, `number ${at}: ${words}`);
    const ana = await openChat(browser, "ana", id, { viewport: { width, height: 800 }, reducedMotion: "reduce" });
    await ana.message("number 5:").focus();
    await ana.page.keyboard.press("ArrowUp");
    for (const at of [5, 4, 3]) {
      await ana.message(`number ${at}:`).locator(".bubble").hover();
      await expect.poll(() => visibleBars(ana.page)).toBe(1);
      expect(await ana.page.evaluate(coveredTexts)).toEqual([]);
    }
    expect(await ana.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
  });
}

test("deleted messages are not counted as new, and have no readers", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  for (let at = 0; at < 30; at++) await sendMessage(at % 2 ? "ana" : "bo", id, `number ${at}\nwith\nlines`);
  const ana = await openChat(browser, "ana", id);
  await expect(ana.message("number 29")).toBeVisible();
  await ana.page.getByRole("log").hover();
  await ana.page.mouse.wheel(0, -900);
  const jump = ana.page.getByRole("button", { name: /^Jump to the newest/ });
  await expect(jump).toBeVisible();
  const first = await sendMessage("bo", id, "taken back");
  await sendMessage("bo", id, "stays");
  await expect(jump).toHaveAccessibleName(/2 unread/);
  await callApi("POST", `/chat/messages/${first}/delete/`, await tokenOf("bo"));
  await expect(jump).toHaveAccessibleName(/1 unread/);
  await jump.click();
  const own = await sendMessage("ana", id, "read and then deleted");
  await callApi("POST", `/chat/conversations/${id}/mark_read/`, await tokenOf("bo"));
  await expect(ana.page.locator(`[data-message="${own}"] .seen-by`)).toBeVisible();
  await callApi("POST", `/chat/messages/${own}/delete/`, await tokenOf("ana"));
  await expect(ana.page.locator(`[data-message="${own}"] [data-deleted=true]`)).toBeVisible();
  await expect(ana.page.locator(".seen-by")).toHaveCount(1);
  await expect(ana.page.locator(`[data-message="${own}"] .seen-by`)).toHaveCount(0);
});

test("a link on a phone shows no focus ring around the title", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "hello");
  const { page } = await openChat(browser, "ana", id, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const heading = page.getByRole("heading", { name: title });
  await expect(heading).toBeFocused();
  expect(await heading.evaluate((one) => [getComputedStyle(one).outlineStyle, getComputedStyle(one).boxShadow])).toEqual(["none", "none"]);
});

test("offline, a conversation that was not opened before has its title, and a search without results leaves the archive in view", async ({ browser, network }) => {
  const [one, other] = [await createJobConversation(BOTH), await createJobConversation(BOTH)];
  for (const { id } of [one, other]) await sendMessage("bo", id, "hello");
  await callApi("POST", `/chat/conversations/${one.id}/archive/`, await tokenOf("ana"));
  const { page } = await openChat(browser, "ana", "", {}, network.url);
  const row = page.getByRole("navigation").getByRole("button", { name: other.title });
  await expect(row).toBeVisible();
  network.disconnect();
  await expect(page.locator(".banner")).toContainText("You're offline.");
  await row.click();
  await expect(page.getByRole("heading", { name: other.title })).toBeVisible();
  await expect(page.locator(".subtitle")).toContainText("2 members");
  await page.getByRole("searchbox").fill("nothing has this title");
  await expect(page.getByText("No matches")).toBeVisible();
  const archive = page.getByRole("button", { name: /^Archived/ });
  await expect(archive).toBeInViewport({ ratio: 1 });
});

test("in forced colours, what is open, pressed or new has an edge or a system colour", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "hello @Ana Lima");
  const { page } = await openChat(browser, "ana", id, { forcedColors: "active" });
  const style = (selector: string, name: string) => page.locator(selector).first().evaluate((one, property) => getComputedStyle(one).getPropertyValue(property), name);
  await expect(page.getByRole("navigation").getByRole("button", { name: title })).toHaveAttribute("aria-current", "true");
  const highlight = await page.evaluate(() => {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.cssText = "forced-color-adjust: none; background: Highlight";
    const { backgroundColor } = getComputedStyle(probe);
    probe.remove();
    return backgroundColor;
  });
  for (const selected of [".conversation-row[aria-current=true]", ".chip[aria-pressed=true]"]) expect(await style(selected, "background-color")).toBe(highlight);
  for (const edged of [".bubble", ".field-row", ".chip"]) expect(await style(edged, "border-top-style")).toBe("solid");
});

test("conversations that were left long ago are no longer followed", async ({ browser }) => {
  const count = 10;
  const titles = Array.from({ length: count }, (_, at) => `Followed ${process.pid} ${at}.`);
  await createConversations(count, (at) => ({ title: titles[at] ?? "", members: BOTH }), "followed");
  const { page } = await openChat(browser, "ana");
  const sent: string[] = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
  await page.reload();
  for (const title of titles) {
    await page.getByRole("navigation").getByRole("button", { name: title }).click();
    await expect(page.locator(".chat[data-status=live]")).toBeVisible();
    await expect(page.getByRole("heading", { name: title })).toBeVisible();
  }
  await expect.poll(() => sent.filter((frame) => frame.includes('"unsubscribe"')).length).toBe(count - 8);
});
