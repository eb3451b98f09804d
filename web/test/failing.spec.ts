// What fails says so, keeps what was written, and can be tried again.

import type { Page } from "@playwright/test";
import { call, expect, job, say, sit, test, tokenOf, url } from "./world.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const lost = (page: Page) => expect(page.locator(".banner")).toContainText("You're offline.");
const back = async (page: Page) => {
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(page.locator(".banner")).not.toContainText("You're offline.");
};

/** Links as they are some minutes after a conversation was loaded. */
async function withOldLinks(page: Page): Promise<void> {
  await page.route(/\/chat\/messages\/\?/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/expires=\d+/g, "expires=1") });
  });
}

test("an edit that is not taken stays open with the reason, and is saved when it can be", async ({ browser, network }) => {
  const { id } = await job(BOTH);
  await say("bo", id, "first words");
  const bo = await sit(browser, "bo", id, {}, network.url);
  await bo.acts("first words", "Edit");
  await bo.field.fill("second words");
  network.cut();
  await lost(bo.page);
  await bo.field.press("Enter");
  await expect(bo.page.getByText("Your edit wasn't saved. Couldn't reach the server.")).toBeVisible();
  await expect(bo.field).toHaveValue("second words");
  await expect(bo.page.getByText("Editing your message")).toBeVisible();
  network.restore();
  await back(bo.page);
  await bo.field.press("Enter");
  await expect(bo.message("second words")).toContainText("edited");
  await expect(bo.page.getByText("Editing your message")).toBeHidden();
});

test("an edit that changes nothing is not sent", async ({ browser }) => {
  const { id } = await job(BOTH);
  await say("bo", id, "the same words");
  const bo = await sit(browser, "bo", id);
  const edits: string[] = [];
  bo.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => String(payload).includes("edit_message") && edits.push(String(payload))));
  await bo.page.reload();
  await bo.acts("the same words", "Edit");
  await bo.field.press("Enter");
  await expect(bo.page.getByText("Editing your message")).toBeHidden();
  await bo.acts("the same words", "Edit");
  await bo.field.fill("other words");
  await bo.field.press("Enter");
  await expect(bo.message("other words")).toContainText("edited");
  expect(edits).toHaveLength(1);
});

test("what cannot be done is said: reacting, deleting, closing, archiving, marking", async ({ browser, network }) => {
  const { id } = await job(BOTH);
  const other = await job(BOTH);
  await say("ana", id, "words");
  const ana = await sit(browser, "ana", id, {}, network.url);
  await expect(ana.page.getByRole("navigation").getByText(other.title)).toBeVisible();
  await say("bo", other.id, "a notification");
  await expect(ana.page.getByRole("button", { name: /^Notifications, / })).toBeVisible();
  network.cut();
  await lost(ana.page);
  const told = (words: string) => expect(ana.page.getByRole("status").filter({ hasText: words }).first()).toBeVisible();
  await ana.acts("words", "Add a reaction");
  await ana.page.getByRole("group", { name: "Emojis" }).getByRole("button", { name: "🎉" }).click();
  await told("Couldn't update the reaction.");
  await ana.acts("words", "Delete");
  await ana.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await told("Couldn't delete the message.");
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Close conversation" }).click();
  await told("Couldn't update the conversation.");
  await ana.page.getByRole("button", { name: "Archive", exact: true }).click();
  await told("Couldn't archive.");
  await ana.page.getByRole("button", { name: /^Notifications, / }).click();
  await ana.page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(ana.page.getByRole("dialog").getByText("Couldn't mark as read.")).toBeVisible();
});

test("a file is saved and a picture shown though the links that came with the message have ended", async ({ browser }) => {
  const { id } = await job(BOTH);
  const [ana, bo] = await Promise.all([sit(browser, "ana", id), sit(browser, "bo", id)]);
  await ana.page.locator("input[type=file]").setInputFiles([
    { name: "dot.png", mimeType: "image/png", buffer: PNG },
    { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note") },
  ]);
  await expect(ana.page.getByText(/: ready to send/)).toHaveCount(2);
  await ana.writes("files");
  await expect(bo.message("files")).toBeVisible();
  await withOldLinks(bo.page);
  // Nothing but the act itself may ask for new links.
  await bo.page.route(/\/thumbnail\?/, (route) => route.fulfill({ contentType: "image/png", body: PNG }));
  await bo.page.reload();
  await expect(bo.message("files")).toBeVisible();
  const [download] = await Promise.all([bo.page.waitForEvent("download"), bo.page.getByRole("link", { name: "Download note.txt" }).click()]);
  expect(await download.failure()).toBeNull();
  await bo.page.reload();
  await bo.page.getByRole("button", { name: "Open dot.png" }).click();
  const shown = bo.page.getByRole("dialog").getByRole("img", { name: "dot.png" });
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
});

test("a picture that cannot be loaded says so, and can be tried again", async ({ browser }) => {
  const { id } = await job(BOTH);
  const bo = await sit(browser, "bo", id);
  await bo.page.locator("input[type=file]").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: PNG }]);
  await expect(bo.page.getByText("dot.png: ready to send")).toBeAttached();
  await bo.writes("A dot");
  await bo.page.route(/\/original\?/, (route) => route.abort());
  await bo.page.getByRole("button", { name: "Open dot.png" }).click();
  await expect(bo.page.getByRole("alert")).toContainText("Couldn't load the image");
  await bo.page.unroute(/\/original\?/);
  await bo.page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await expect(bo.page.getByRole("dialog").getByRole("img", { name: "dot.png" })).toBeVisible();
});

test("a service that is not there is not taken for one without demo users", async ({ browser }) => {
  const page = await browser.newPage();
  await page.route("**/demo/users/", (route) => route.abort());
  await page.goto(url);
  await expect(page.getByText("Can't reach the server")).toBeVisible();
  await page.unroute("**/demo/users/");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Who would you like to be?")).toBeVisible();
  await page.close();
});

test("a pasted token that is refused leads back to signing in", async ({ browser }) => {
  const page = await browser.newPage();
  await page.route("**/demo/users/", (route) => route.fulfill({ status: 404, body: "{}" }));
  await page.goto(url);
  const [head, claims] = (await tokenOf("bo")).split(".");
  await page.getByLabel("Token").fill(`${head}.${claims}.${"A".repeat(43)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("You are signed out")).toBeVisible();
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Token").fill(await tokenOf("bo"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("navigation").getByRole("button").first()).toBeVisible();
  await page.close();
});

test("a list, settings, older messages or a conversation that could not be loaded can be asked for again", async ({ browser }) => {
  test.setTimeout(120_000);
  const { id, title } = await job(BOTH);
  for (let at = 0; at < 60; at++) await say("bo", id, `number ${at}`);
  const { page } = await sit(browser, "ana", id);
  await page.route(/\/chat\/conversations\/\?/, (route) => route.abort());
  await page.reload();
  await expect(page.getByText("Couldn't load conversations")).toBeVisible({ timeout: 30_000 });
  await page.unroute(/\/chat\/conversations\/\?/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("navigation").getByText(title)).toBeVisible();

  await page.route("**/notifications/preferences/", (route) => route.abort());
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Notification settings" }).click();
  await expect(page.getByText("Couldn't load the settings")).toBeVisible();
  await page.unroute("**/notifications/preferences/");
  await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("All messages")).toBeVisible();
  await page.keyboard.press("Escape");

  await page.route(/before_seq=/, (route) => route.abort());
  await page.reload();
  await page.getByRole("log").evaluate((log) => (log.scrollTop = 0));
  await expect(page.getByText("Couldn't load older messages.")).toBeVisible();
  await page.unroute(/before_seq=/);
  await page.getByRole("log").getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Couldn't load older messages.")).toBeHidden();
  await page.getByRole("log").evaluate((log) => (log.scrollTop = 0));
  await expect(page.getByText("This is where the conversation begins.")).toBeVisible();

  const one = new RegExp(`/chat/conversations/${id}/$`);
  await page.route(one, (route) => route.abort());
  await page.reload();
  await expect(page.getByText("Couldn't load the conversation")).toBeVisible({ timeout: 30_000 });
  await page.unroute(one);
  await expect(page.locator(".chat[data-status=live]")).toBeVisible();
});

test("the first connection is one that is being made, not one that was lost", async ({ browser }) => {
  const page = await browser.newPage();
  await page.routeWebSocket(/\/ws\//, () => {});
  await page.goto(`${url}/#ana`);
  await expect(page.locator(".banner")).toContainText("Connecting…");
  await page.close();
});

test("reading is marked again where that failed", async ({ browser }) => {
  const { id } = await job(BOTH);
  const { page } = await sit(browser, "ana", id);
  let asked = 0;
  await page.route(/conversations\/[^/]+\/mark_read\//, (route) => (asked++ === 0 ? route.abort() : route.continue()));
  await say("bo", id, "read me");
  const unread = async () => (await call<{ unread_count: number }>("GET", `/chat/conversations/${id}/`, await tokenOf("ana"))).unread_count;
  await expect.poll(unread).toBe(0);
  expect(asked).toBeGreaterThan(1);
});
