// Screenshots of every state, for the documentation and for review. `make screenshots` writes them.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "@playwright/test";
import { callApi, closeWithEscape, expect, createJobConversation, sendMessage, service, openChat, test, tokenOf } from "./fixtures.ts";

const OUT = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
type Size = keyof typeof SIZES;

mkdirSync(OUT, { recursive: true });

async function conversationIds(): Promise<Map<string, string>> {
  const { results } = await callApi<{ results: { id: string; title: string; conversation_type: string }[] }>("GET", "/chat/conversations/", await tokenOf("ana"));
  return new Map(results.map((one) => [one.title || one.conversation_type, one.id]));
}

async function openAt(browser: Browser, user: string, conversation: string, size: Size, scheme: "light" | "dark" = "light"): Promise<Page> {
  const { page } = await openChat(browser, user, conversation, { viewport: SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
  await page.evaluate(() => document.fonts.ready);
  return page;
}

async function takeScreenshot(page: Page, name: string): Promise<void> {
  await page.waitForLoadState("load");
  await expect(page.locator(".spinner")).toHaveCount(0);
  await page.evaluate(() => Promise.all([...document.images].filter((one) => one.getBoundingClientRect().bottom > 0 && one.getBoundingClientRect().top < innerHeight).map((one) => one.decode().catch(() => {}))));
  await page.mouse.move(2, 2);
  await page.screenshot({ path: `${OUT}${name}.png` });
}

for (const size of ["desktop", "phone"] as const) {
  test(`states, ${size}`, async ({ browser }) => {
    test.setTimeout(240_000);
    const ids = await conversationIds();
    const kitchen = ids.get("Tiles for the kitchen") ?? "";
    for (const scheme of ["light", "dark"] as const) {
      const page = await openAt(browser, "ana", "", size, scheme);
      await expect(page.getByRole("button", { name: /^Tiles/ })).toBeVisible();
      await takeScreenshot(page, `${size}-list-${scheme}`);
      await page.goto(`${page.url().split("#")[0]}#bo/${kitchen}`);
      await expect(page.getByRole("article").last()).toBeVisible();
      await takeScreenshot(page, `${size}-conversation-${scheme}`);
      await page.getByRole("log").hover();
      await page.mouse.wheel(0, -1350);
      await expect(page.getByRole("button", { name: /^Jump to the newest/ })).toBeVisible();
      await takeScreenshot(page, `${size}-history-${scheme}`);
      await page.getByRole("button", { name: "Details" }).click();
      await expect(page.getByLabel("Notify me about")).toBeVisible();
      await takeScreenshot(page, `${size}-details-${scheme}`);
      await page.context().close();
    }
    const page = await openAt(browser, "ana", kitchen, size);
    await page.getByRole("article").last().focus();
    await page.keyboard.press("+");
    await takeScreenshot(page, `${size}-reacting`);
    await page.keyboard.press("Escape");
    await page.getByRole("article").last().focus();
    await page.keyboard.press("r");
    await page.getByRole("textbox").last().fill("I know, @Bo Chen!");
    await page.locator("input[type=file]").setInputFiles([
      { name: "sketch.txt", mimeType: "text/plain", buffer: Buffer.from("a sketch") },
      { name: "nothing.txt", mimeType: "text/plain", buffer: Buffer.from("") },
    ]);
    await expect(page.getByText("sketch.txt: ready to send")).toBeAttached();
    await takeScreenshot(page, `${size}-writing`);
    await page.goto(`${page.url().split("#")[0]}#cy/${kitchen}`);
    await expect(page.getByText("as an observer")).toBeVisible();
    await takeScreenshot(page, `${size}-observer`);
    await page.goto(`${page.url().split("#")[0]}#ana/${ids.get("Lamp in the hall") ?? ""}`);
    await expect(page.getByText("This conversation is closed.")).toBeVisible();
    await takeScreenshot(page, `${size}-closed`);
    await page.goto(`${page.url().split("#")[0]}#sam/${ids.get("Scratches on the new table") ?? ""}`);
    await expect(page.getByRole("article").last()).toBeVisible();
    await takeScreenshot(page, `${size}-dispute`);
    await page.getByRole("button", { name: "Open table.png" }).click();
    await expect(page.getByRole("dialog").getByRole("img")).toBeVisible();
    await takeScreenshot(page, `${size}-viewer`);
    await closeWithEscape(page);
    await page.goto(`${page.url().split("#")[0]}#ana`);
    await page.getByRole("button", { name: /^Notifications/ }).click();
    await takeScreenshot(page, `${size}-notifications`);
    await page.getByRole("button", { name: "Notification settings" }).click();
    await expect(page.getByText("All messages")).toBeVisible();
    await takeScreenshot(page, `${size}-preferences`);
    await closeWithEscape(page);
    await page.goto(`${page.url().split("#")[0]}#`);
    await takeScreenshot(page, `${size}-choice`);
    await page.context().close();
  });
}

test("side by side", async ({ browser }) => {
  const ids = await conversationIds();
  const fence = ids.get("Paint the fence") ?? "";
  const context = await browser.newContext({ viewport: { width: 1440, height: 810 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${service.url}/#ana/${fence}+bo/${fence}`);
  await expect(page.getByRole("article")).toHaveCount(4);
  await page.getByRole("region", { name: "Chat as Ana Lima" }).getByRole("textbox").last().pressSequentially("Deal. See you on Friday!");
  await expect(page.getByText("Ana is typing")).toBeVisible();
  await takeScreenshot(page, "side-by-side");
  await context.close();
});

// Runs after the list screenshots, because it adds a conversation to the demo data.
for (const size of ["desktop", "phone"] as const) {
  test(`offline, ${size}`, async ({ browser, network }) => {
    const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "mia", role: "participant" }], { title: "Roses along the wall", reference: `512${size.length}` });
    await sendMessage("mia", id, "The roses will come on Tuesday.");
    const { page: away } = await openChat(browser, "ana", id, { viewport: SIZES[size], colorScheme: "light", reducedMotion: "reduce" }, network.url);
    await expect(away.getByRole("article")).toBeVisible();
    network.disconnect();
    await expect(away.getByText("You're offline.")).toBeVisible();
    await away.getByRole("textbox").last().fill("Then I will be at home.");
    await away.keyboard.press("Enter");
    await takeScreenshot(away, `${size}-offline`);
    network.restore();
    await away.evaluate(() => dispatchEvent(new Event("online")));
    await expect(away.getByText("You're offline.")).toBeHidden();
    await away.getByRole("textbox").last().fill("Shall I bring the red\u0001ones?");
    await away.keyboard.press("Enter");
    await expect(away.getByRole("alert")).toBeVisible();
    await takeScreenshot(away, `${size}-failed`);
    await away.context().close();
  });
}
