// The operator page: conversations, versions, read receipts, members, failed deliveries and metrics.

import { insertDeadDeliveries, openOperatorPage, createEditedConversation } from "./fixtures.ts";
import { expect, createJobConversation, sendMessage, service, openChat, test, tokenOf } from "../fixtures.ts";

test("a user who is not staff gets an error and sees nothing", async ({ page }) => {
  await page.goto(`${service.url}/operator`);
  await page.getByLabel("Staff access token").fill("no token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toHaveText("Not a valid token.");
  await page.getByLabel("Staff access token").fill(await tokenOf("ana"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("This token doesn't belong to a staff member.");
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

test("a conversation is found by title and shows versions, read receipts and members", async ({ browser }) => {
  const { title, id } = await createEditedConversation();
  const page = await openOperatorPage(browser);
  await page.getByLabel("Search titles").fill(title.slice(0, -1));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: title }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.locator(".message", { hasText: "Please keep this private." })).toHaveCount(0);

  await page.locator(".message", { hasText: "whole fence" }).click();
  const pane = page.getByRole("region", { name: "Message" });
  await expect(pane.locator("del")).toHaveText(["Friday", "nine"]);
  await expect(pane.locator("ins")).toHaveText(["Monday", "ten"]);
  await pane.getByRole("combobox", { name: "Before" }).selectOption("Version 1");
  await expect(pane.locator("ins")).toHaveText(["whole ", "Monday", "ten"]);
  await expect(pane.locator(".receipts li")).toHaveText([/^.*Bo Chen/]);

  await page.locator(".message", { hasText: "Deleted" }).click();
  await expect(pane.locator("del")).toHaveText(["Please keep this private."]);
  await pane.getByRole("link", { name: "Close" }).click();
  await expect(pane).toHaveCount(0);

  await page.getByRole("link", { name: "Members and roles" }).click();
  await expect(page.locator(".members li")).toHaveText([/Ana Lima.*Admin/, /Bo Chen.*Participant/, /Cy Okafor.*Observer.*Left/]);
  expect(page.url()).toContain(id);
  await page.reload();
  await expect(page.locator(".members li")).toHaveCount(3);
});

test("the list filters by type and status and reports no matches", async ({ browser }) => {
  const page = await openOperatorPage(browser);
  const badges = page.locator(".row .badge[data-tone]");
  await page.getByLabel("Type").selectOption("Support");
  await expect(badges.first()).toHaveText("Support");
  await expect(badges.filter({ hasText: /^Job$/ })).toHaveCount(0);
  await page.getByLabel("Type").selectOption("Any type");
  await page.getByLabel("Status").selectOption("Closed");
  await expect(badges.filter({ hasText: /^Support$/ })).toHaveCount(0);
  await page.getByLabel("Search titles").fill("no such title");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No matching conversations")).toBeVisible();
});

test("failed deliveries are retried one by one and all with the same reason", async ({ browser }) => {
  const { id } = await createEditedConversation();
  insertDeadDeliveries(id);
  const page = await openOperatorPage(browser, "#/failed-deliveries");
  await expect(page.locator(".reasons li")).toHaveCount(2);
  await page.getByRole("button", { name: "Show only E-mail: smtp_550" }).click();
  await expect(page.locator(".delivery")).toHaveCount(2);
  await page.getByRole("button", { name: "Retry all 2" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Retrying 2 deliveries." })).toBeVisible();
  await expect(page.locator(".delivery")).toHaveCount(1);
  await page.getByRole("button", { name: "Retry the delivery to cy" }).click();
  await expect(page.getByRole("heading", { name: "No failed deliveries" })).toBeVisible();
});

test("metrics are updated", async ({ browser }) => {
  const page = await openOperatorPage(browser, "#/metrics");
  const sockets = page.locator(".card", { hasText: "Open sockets" }).locator(".metric");
  await expect(sockets).toHaveText(/^\d+$/);
  const before = Number(await sockets.innerText());
  const chat = await openChat(browser, "ana");
  await expect.poll(async () => Number(await sockets.innerText())).toBeGreaterThan(before);
  await chat.page.context().close();
  await expect(page.locator(".spark .area").first()).toBeVisible();
});

test("metrics have a scale, each consumer has its own lag, and failed deliveries are highlighted", async ({ browser }) => {
  insertDeadDeliveries((await createEditedConversation()).id);
  const page = await openOperatorPage(browser, "#/metrics");
  const dead = page.locator(".card", { has: page.getByRole("heading", { name: "Failed deliveries" }) });
  await expect(dead.locator(".metric")).toHaveText("3");
  await expect(dead.locator(".scale span")).toHaveText(["5", "0"]);
  const colour = (card: string) => page.locator(card).locator(".spark .line").first().evaluate((node) => getComputedStyle(node).stroke);
  expect(await colour(".card.alert")).not.toBe(await colour(".card:not(.alert)"));
  await expect(page.locator(".consumers li code")).toHaveText([/^\w+$/, ...Array(await page.locator(".consumers li").count() - 1).fill(/^\w+$/)]);
  await expect(page.locator(".consumers li").first()).toContainText(/up to date|event/);
});

test("the keyboard is enough to open a message version and return", async ({ browser }) => {
  const { id } = await createEditedConversation();
  const page = await openOperatorPage(browser, `#/conversations/${id}`);
  const message = page.locator(".message", { hasText: "whole fence" });
  await expect(message).toBeVisible();
  await message.focus();
  await page.keyboard.press("Enter");
  const pane = page.getByRole("region", { name: "Message" });
  await expect(pane.getByRole("heading", { name: "Message" })).toBeFocused();
  await pane.getByRole("combobox", { name: "Before" }).focus();
  await page.keyboard.press("ArrowUp");
  await expect(pane.locator("ins").first()).toHaveText("whole ");
  await pane.getByRole("link", { name: "Close" }).focus();
  await page.keyboard.press("Enter");
  await expect(pane).toHaveCount(0);
  await expect(message).toBeFocused();
});

test("on a phone the focus returns to the message that was opened", async ({ browser }) => {
  const { id } = await createEditedConversation();
  const page = await openOperatorPage(browser, `#/conversations/${id}`, { viewport: { width: 390, height: 844 } });
  const message = page.locator(".message", { hasText: "Monday works." });
  await message.click();
  await expect(page.getByRole("heading", { name: "Message" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(message).toBeFocused();
});

test("messages are in chat order, and older ones load above without moving the view", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  for (let at = 1; at <= 60; at++) await sendMessage("ana", id, `Step ${at}`);
  const page = await openOperatorPage(browser, `#/conversations/${id}`);
  const messages = page.locator(".message .content");
  await expect(messages.last()).toHaveText("Step 60");
  await expect(messages.last()).toBeInViewport();
  await expect(page.locator(".message .badge").first()).toHaveText("Admin");
  const shown = await messages.count();
  const oldest = messages.filter({ hasText: await messages.first().innerText() });
  await page.getByRole("button", { name: "Load older messages" }).scrollIntoViewIfNeeded();
  const before = await oldest.boundingBox();
  await page.route("**/messages/?*cursor=*", (route) => route.abort());
  await page.getByRole("button", { name: "Load older messages" }).click();
  await expect(page.getByRole("alert")).toHaveText("Couldn't load more.", { timeout: 30_000 });
  await page.unroute("**/messages/?*cursor=*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(messages).toHaveCount(60);
  expect(shown).toBeLessThan(60);
  expect(await messages.allInnerTexts()).toEqual(Array.from({ length: 60 }, (_, at) => `Step ${at + 1}`));
  expect(Math.abs(((await oldest.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(80);
});

test("user content keeps its own text direction", async ({ browser }) => {
  const { id, title } = await createJobConversation([{ user_id: "ana", role: "admin" }], { title: "سياج الحديقة" });
  await sendMessage("ana", id, "متى يمكنك أن تبدأ؟");
  const page = await openOperatorPage(browser, `#/conversations/${id}`);
  for (const element of [page.getByRole("heading", { name: title }), page.locator(".message .content"), page.locator(".row .title", { hasText: title }).first()]) {
    await expect(element).toHaveCSS("direction", "rtl");
  }
  await expect(page.locator(".row", { hasText: title }).first().locator(".reference")).toHaveCSS("direction", "ltr");
});

test("the list refreshes without moving the focus or the scroll position", async ({ browser }) => {
  await Promise.all(Array.from({ length: 12 }, () => createJobConversation([{ user_id: "ana", role: "admin" }])));
  const page = await openOperatorPage(browser);
  await page.clock.install();
  await page.reload();
  const row = page.locator(".row").nth(9);
  await row.focus();
  const name = await row.locator(".title").innerText();
  const list = page.getByRole("group", { name: "Conversations, newest first" });
  const focused = page.locator(".row", { has: page.getByText(name, { exact: true }) });
  await list.evaluate((node) => node.scrollTo(0, 200));
  const before = await focused.boundingBox();
  const { title } = await createJobConversation([{ user_id: "ana", role: "admin" }]);
  await page.clock.fastForward(61_000);
  await expect(page.locator(".row .title").first()).toHaveText(title);
  await expect(focused).toBeFocused();
  expect(Math.abs(((await focused.boundingBox())?.y ?? 0) - (before?.y ?? 0))).toBeLessThan(2);
});
