// Failures show an error, keep what the user wrote, and can be retried.

import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { callApi, closeWithEscape, expect, createJobConversation, sendMessage, openChat, root, test, tokenOf, url } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const expectOffline = (page: Page) => expect(page.locator(".banner")).toContainText("You're offline.");
const expectReconnected = async (page: Page) => {
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await expect(page.locator(".banner")).not.toContainText("You're offline.");
};

/** Returns expired signed URLs, as some minutes after a conversation was loaded. */
async function expireSignedUrls(page: Page): Promise<void> {
  await page.route(/\/chat\/messages\/\?/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replaceAll(/expires=\d+/g, "expires=1") });
  });
}

test("a failed edit stays open with the reason and can be saved later", async ({ browser, network }) => {
  const { id } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "first words");
  const bo = await openChat(browser, "bo", id, {}, network.url);
  await bo.clickAction("first words", "Edit");
  await bo.field.fill("second words");
  network.disconnect();
  await expectOffline(bo.page);
  await bo.field.press("Enter");
  await expect(bo.page.getByText("Your edit wasn't saved. Couldn't reach the server.")).toBeVisible();
  await expect(bo.field).toHaveValue("second words");
  await expect(bo.page.getByText("Editing your message")).toBeVisible();
  network.restore();
  await expectReconnected(bo.page);
  await bo.field.press("Enter");
  await expect(bo.message("second words")).toContainText("edited");
  await expect(bo.page.getByText("Editing your message")).toBeHidden();
});

test("an edit without changes is not sent", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "the same words");
  const bo = await openChat(browser, "bo", id);
  const edits: string[] = [];
  bo.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => String(payload).includes("edit_message") && edits.push(String(payload))));
  await bo.page.reload();
  await bo.clickAction("the same words", "Edit");
  await bo.field.press("Enter");
  await expect(bo.page.getByText("Editing your message")).toBeHidden();
  await bo.clickAction("the same words", "Edit");
  await bo.field.fill("other words");
  await bo.field.press("Enter");
  await expect(bo.message("other words")).toContainText("edited");
  expect(edits).toHaveLength(1);
});

test("failed reactions, deletions, closing, archiving and marking show an error", async ({ browser, network }) => {
  const { id } = await createJobConversation(BOTH);
  const other = await createJobConversation(BOTH);
  await sendMessage("ana", id, "a message");
  const ana = await openChat(browser, "ana", id, {}, network.url);
  await expect(ana.page.getByRole("navigation").getByText(other.title)).toBeVisible();
  await sendMessage("bo", other.id, "a notification");
  await expect(ana.page.getByRole("button", { name: /^Notifications, / })).toBeVisible();
  network.disconnect();
  await expectOffline(ana.page);
  const expectStatus = (message: string) => expect(ana.page.getByRole("status").filter({ hasText: message }).first()).toBeVisible();
  await ana.clickAction("a message", "Add a reaction");
  await ana.page.getByRole("group", { name: "Emojis" }).getByRole("button", { name: "🎉" }).click();
  await expectStatus("Couldn't update the reaction.");
  await ana.clickAction("a message", "Delete");
  await ana.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expectStatus("Couldn't delete the message.");
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Close conversation" }).click();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Close conversation" }).click();
  await expectStatus("Couldn't update the conversation.");
  await ana.page.getByRole("button", { name: "Archive", exact: true }).click();
  await expectStatus("Couldn't archive.");
  await ana.page.getByRole("button", { name: /^Notifications, / }).click();
  await ana.page.getByRole("button", { name: "Mark all as read" }).click();
  await expect(ana.page.getByRole("dialog").getByText("Couldn't mark as read.")).toBeVisible();
});

test("a file is downloaded and an image is shown after their signed URLs have expired", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);
  await ana.page.locator("input[type=file]").setInputFiles([
    { name: "dot.png", mimeType: "image/png", buffer: PNG },
    { name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note") },
  ]);
  await expect(ana.page.getByText(/: ready to send/)).toHaveCount(2);
  await ana.send("files");
  await expect(bo.message("files")).toBeVisible();
  await expireSignedUrls(bo.page);
  // Only the download and the viewer may request new URLs, so let the thumbnail load.
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

test("an image that fails to load shows an error and can be retried", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const bo = await openChat(browser, "bo", id);
  await bo.page.locator("input[type=file]").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: PNG }]);
  await expect(bo.page.getByText("dot.png: ready to send")).toBeAttached();
  await bo.send("A dot");
  await bo.page.route(/\/original\?/, (route) => route.abort());
  await bo.page.getByRole("button", { name: "Open dot.png" }).click();
  await expect(bo.page.getByRole("alert")).toContainText("Couldn't load the image");
  await bo.page.unroute(/\/original\?/);
  await bo.page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await expect(bo.page.getByRole("dialog").getByRole("img", { name: "dot.png" })).toBeVisible();
});

test("an unreachable service is not taken for one without demo users", async ({ browser }) => {
  const page = await browser.newPage();
  await page.route("**/demo/users/", (route) => route.abort());
  await page.goto(url);
  await expect(page.getByText("Can't reach the server")).toBeVisible();
  await page.unroute("**/demo/users/");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("Who would you like to be?")).toBeVisible();
  await page.close();
});

test("a rejected token leads back to the sign-in", async ({ browser }) => {
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
  // The user is known by the conversations, stays over a reload, and can sign out.
  await page.reload();
  await expect(page.getByRole("heading", { name: "Bo Chen" })).toBeVisible();
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.reload();
  await expect(page.getByLabel("Token")).toHaveValue("");
  await page.close();
});

test("a user without a demo account signs in with a token, and then returns to the demo users", async ({ browser }) => {
  const user = `lee-${process.pid}`;
  const { title } = await createJobConversation([{ user_id: user, role: "admin", display_name: "Lee Wong" }]);
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  await page.getByRole("button", { name: "Sign in with a token" }).click();
  await page.getByLabel("Token").fill(execFileSync(`${root}.venv/bin/wasgo-chat`, ["token", "--user", user], { encoding: "utf8" }));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.reload();
  await expect(page.getByRole("navigation").getByText(title)).toBeVisible();
  await expect(page.getByRole("heading", { name: "Lee Wong" })).toBeVisible();
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByText("Who would you like to be?")).toBeVisible();
  await page.context().close();
});

test("the list, settings, older messages and a conversation can be reloaded after a failure", async ({ browser }) => {
  test.setTimeout(120_000);
  const { id, title } = await createJobConversation(BOTH);
  for (let at = 0; at < 60; at++) await sendMessage("bo", id, `number ${at}`);
  // With unread messages the conversation would open at the first one.
  await callApi("POST", `/chat/conversations/${id}/mark_read/`, await tokenOf("ana"));
  const { page } = await openChat(browser, "ana", id);
  await page.route(/\/chat\/conversations\/\?/, (route) => route.abort());
  await page.reload();
  await expect(page.getByText("Couldn't load conversations")).toBeVisible({ timeout: 30_000 });
  await page.unroute(/\/chat\/conversations\/\?/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("navigation").getByText(title)).toBeVisible();

  await page.route("**/notifications/preferences/", (route) => route.abort());
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Notification settings" }).click();
  await expect(page.getByText("Couldn't load the settings")).toBeVisible();
  await page.unroute("**/notifications/preferences/");
  await page.getByRole("dialog").getByRole("button", { name: "Try again" }).click();
  await expect(page.getByText("All messages")).toBeVisible();
  await closeWithEscape(page);

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

test("the first connection attempt is not shown as a lost connection", async ({ browser }) => {
  const page = await browser.newPage();
  await page.routeWebSocket(/\/ws\//, () => {});
  await page.goto(`${url}/#ana`);
  await expect(page.locator(".banner")).toContainText("Connecting…");
  await page.close();
});

test("marking as read is retried after a failure", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page } = await openChat(browser, "ana", id);
  let asked = 0;
  await page.route(/conversations\/[^/]+\/mark_read\//, (route) => (asked++ === 0 ? route.abort() : route.continue()));
  await sendMessage("bo", id, "read me");
  const unread = async () => (await callApi<{ unread_count: number }>("GET", `/chat/conversations/${id}/`, await tokenOf("ana"))).unread_count;
  await expect.poll(unread).toBe(0);
  expect(asked).toBeGreaterThan(1);
});
