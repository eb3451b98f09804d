// Keyboard shortcuts and focus.

import { expect, createJobConversation, sendMessage, openChat, test } from "./fixtures.ts";

const ALL = [
  { user_id: "ana", role: "admin" },
  { user_id: "bo", role: "participant" },
  { user_id: "cy", role: "observer" },
] as const;
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test("shortcuts work before anything has the focus", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  await sendMessage("bo", id, "the newest");
  const { page } = await openChat(browser, "ana");
  const row = page.getByRole("navigation").getByRole("button", { name: title });
  await expect(row).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.reload();
  await expect(row).toBeVisible();
  await page.keyboard.press("Alt+ArrowDown");
  await expect(page.getByRole("textbox", { name: `Write to ${title}` })).toBeFocused();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("Escape");
  await expect(row).toBeFocused();
});

test("with two panes, shortcuts apply to the one used last", async ({ browser }) => {
  const { id } = await createJobConversation(ALL);
  const { page } = await openChat(browser, "ana", id, { viewport: { width: 1600, height: 800 } });
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Open a second user side by side" }).click();
  const right = page.getByRole("region", { name: "Chat as Bo Chen" });
  await right.getByRole("log").click();
  await page.keyboard.press("Control+k");
  await expect(right.getByRole("searchbox")).toBeFocused();
});

test("opening a conversation focuses the text field, or the heading", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  await sendMessage("bo", id, "hello");
  const ana = await openChat(browser, "ana");
  await ana.page.getByRole("navigation").getByRole("button", { name: title }).click();
  await expect(ana.field).toBeFocused();
  const cy = await openChat(browser, "cy");
  await cy.page.getByRole("navigation").getByRole("button", { name: title }).click();
  await expect(cy.page.getByRole("heading", { name: title })).toBeFocused();
  const touch = await openChat(browser, "bo", "", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await touch.page.getByRole("navigation").getByRole("button", { name: title }).tap();
  await expect(touch.page.getByRole("heading", { name: title })).toBeFocused();
  await touch.page.getByRole("button", { name: "Back to all conversations" }).tap();
  await expect(touch.page.getByRole("navigation").getByRole("button", { name: title })).toBeFocused();
});

test("opening a notification focuses the text field, even if the conversation is already open", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  const ana = await openChat(browser, "ana");
  await expect(ana.page.getByRole("navigation").getByText(title)).toBeVisible();
  await sendMessage("bo", id, "@Ana Lima, look");
  for (const _ of ["opened", "open already"]) {
    await ana.page.getByRole("button", { name: /^Notifications/ }).click();
    await ana.page.getByRole("dialog").getByRole("button", { name: title }).first().click();
    await expect(ana.field).toBeFocused();
  }
});

test("the menu can be opened, closed and navigated with the keyboard", async ({ browser }) => {
  const { id } = await createJobConversation(ALL);
  const { page } = await openChat(browser, "ana", id);
  const more = page.getByRole("button", { name: "More", exact: true });
  await more.focus();
  await expect(more).toHaveAttribute("aria-haspopup", "menu");
  await expect(more).toHaveAttribute("aria-expanded", "false");
  await page.keyboard.press("Enter");
  await expect(more).toHaveAttribute("aria-expanded", "true");
  const items = page.getByRole("menuitem");
  await expect(items.first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(items.nth(1)).toBeFocused();
  await page.keyboard.press("End");
  await expect(items.last()).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toBeHidden();
  await expect(more).toBeFocused();
  await expect(more).toHaveAttribute("aria-expanded", "false");
  await expect(page.getByRole("log")).toBeVisible();
  await more.click();
  await expect(page.getByRole("menu")).toBeVisible();
  await more.click();
  await expect(page.getByRole("menu")).toBeHidden();
});

test("arrow keys move through images, and are mirrored in right-to-left layouts", async ({ browser }) => {
  const { id } = await createJobConversation(ALL);
  const { page, field } = await openChat(browser, "ana", id);
  await page.locator("input[type=file]").setInputFiles(["one.png", "two.png"].map((name) => ({ name, mimeType: "image/png", buffer: PNG })));
  await expect(page.getByText(/: ready to send/)).toHaveCount(2);
  await field.press("Enter");
  await page.getByRole("button", { name: "Open one.png" }).click();
  const shown = (name: string) => expect(page.getByRole("dialog").getByRole("heading", { name })).toBeVisible();
  await shown("one.png");
  await page.keyboard.press("ArrowRight");
  await shown("two.png");
  await page.keyboard.press("ArrowLeft");
  await shown("one.png");
  await page.evaluate(() => (document.documentElement.dir = "rtl"));
  await page.keyboard.press("ArrowLeft");
  await shown("two.png");
});

test("Back closes what covers a conversation, and then leaves it", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  await sendMessage("bo", id, "hello");
  const { page } = await openChat(browser, "ana", "", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.getByRole("navigation").getByRole("button", { name: title }).tap();
  await page.getByRole("button", { name: "Details" }).tap();
  await page.getByRole("button", { name: "Close conversation" }).tap();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("complementary")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("complementary")).toBeHidden();
  // A long press opens the actions of a message.
  const bubble = await page.locator(".bubble").first().boundingBox();
  const session = await page.context().newCDPSession(page);
  const at = { x: (bubble?.x ?? 0) + 20, y: (bubble?.y ?? 0) + 10 };
  await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [at] });
  await expect(page.locator(".bubble[data-pressed=true]")).toBeVisible();
  await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await page.getByRole("menuitem", { name: "Reply" }).tap();
  await expect(page.getByText("Replying to Bo Chen")).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("navigation").getByRole("button", { name: title })).toBeVisible();
});

test("a file dropped outside a conversation does not leave the page", async ({ browser }) => {
  const { page } = await openChat(browser, "ana");
  const left = await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["a"], "a.txt"));
    const drop = (name: string) => new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true });
    return ["dragover", "drop"].map((name) => document.querySelector(".sidebar")?.dispatchEvent(drop(name)));
  });
  expect(left).toEqual([false, false]);
});
