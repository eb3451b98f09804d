// Two users, each in their own browser.

import { expect, createJobConversation, openChat, test } from "./fixtures.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

test("two users chat: typing, receipts, replies, reactions, edits, deletions", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);

  await ana.field.pressSequentially("Hello Bo");
  await expect(bo.page.getByText("Ana is typing")).toBeVisible();
  await ana.field.press("Enter");
  await expect(bo.message("Hello Bo")).toBeVisible();
  await expect(bo.page.getByText("Ana is typing")).toBeHidden();
  await expect(ana.message("Hello Bo").getByTitle("Seen by Bo")).toBeVisible();

  await bo.clickAction("Hello Bo", "Reply");
  await bo.send("Good morning!");
  await expect(ana.message("Good morning!").locator(".quote")).toContainText("Hello Bo");

  await ana.clickAction("Good morning!", "Add a reaction");
  await ana.page.getByRole("group", { name: "Emojis" }).getByRole("button", { name: "🎉" }).click();
  await expect(bo.message("Good morning!").getByRole("button", { name: "🎉 from Ana Lima" })).toBeVisible();

  await bo.clickAction("Good morning!", "Edit");
  await bo.page.getByRole("textbox").last().fill("Good evening!");
  await bo.page.getByRole("textbox").last().press("Enter");
  await expect(ana.message("Good evening!")).toContainText("edited");

  await ana.clickAction("Hello Bo", "Delete");
  await ana.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(bo.message("This message was deleted").first()).toBeVisible();
  await expect(bo.page.locator(".quote")).toContainText("This message was deleted");
});

test("files are chosen, dropped or pasted, and shown to the other user", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);
  await ana.page.locator("input[type=file]").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: PNG }]);
  await expect(ana.page.getByText("dot.png: ready to send")).toBeAttached();
  await ana.send("A dot");
  await expect(bo.message("A dot").getByRole("button", { name: "Open dot.png" })).toBeVisible();
  await bo.page.getByRole("button", { name: "Open dot.png" }).click();
  await expect(bo.page.getByRole("dialog").getByRole("img", { name: "dot.png" })).toBeVisible();
  await bo.page.keyboard.press("Escape");
  await expect(bo.page.getByRole("dialog")).toBeHidden();

  await bo.page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["a note"], "dropped.txt", { type: "text/plain" }));
    document.querySelector(".chat")?.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    const pasted = new DataTransfer();
    pasted.items.add(new File(["another"], "pasted.txt", { type: "text/plain" }));
    document.querySelector("textarea")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true }));
  });
  await expect(bo.page.getByText(/(dropped|pasted).txt: ready to send/)).toHaveCount(2);
  await bo.page.getByRole("button", { name: "Send" }).click();
  await expect(ana.page.getByRole("link", { name: "Download dropped.txt" })).toBeVisible();
  await expect(ana.page.getByRole("link", { name: "Download pasted.txt" })).toBeVisible();
});

test("two users chat side by side in one window", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  const { page } = await openChat(browser, "ana", id, { viewport: { width: 1600, height: 800 } });
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Open a second user side by side" }).click();
  const [left, right] = [page.getByRole("region", { name: "Chat as Ana Lima" }), page.getByRole("region", { name: "Chat as Bo Chen" })];
  await right.getByRole("textbox", { name: /^Write to/ }).fill("I am next to you");
  await right.getByRole("textbox", { name: /^Write to/ }).press("Enter");
  await expect(left.getByRole("article").filter({ hasText: "I am next to you" })).toBeVisible();
  await left.getByRole("textbox", { name: /^Write to/ }).fill("So you are");
  await left.getByRole("textbox", { name: /^Write to/ }).press("Enter");
  await expect(right.getByRole("article").filter({ hasText: "So you are" })).toBeVisible();
});

test("a location has no default, reports why the position is unknown, and links to a map", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);
  await ana.page.getByRole("button", { name: "Share a location" }).click();
  const dialog = ana.page.getByRole("dialog");
  await expect(dialog.getByLabel("Latitude")).toHaveValue("");
  await expect(dialog.getByRole("button", { name: "Send" })).toBeDisabled();
  await dialog.getByRole("button", { name: "Use my current location" }).click();
  await expect(dialog.getByRole("alert")).toContainText("doesn't allow this page to use your location");
  await ana.page.context().grantPermissions(["geolocation"]);
  await ana.page.context().setGeolocation({ latitude: 47.07, longitude: 15.44 });
  await dialog.getByRole("button", { name: "Use my current location" }).click();
  await expect(dialog.getByLabel("Longitude")).toHaveValue("15.44000");
  await expect(dialog.getByRole("alert")).toBeEmpty();
  await dialog.getByLabel("Latitude").fill("95");
  await expect(dialog.getByRole("alert")).toContainText("between -90 and 90");
  await dialog.getByLabel("Latitude").fill("47,07");
  await dialog.getByLabel("Place name").fill("The workshop");
  await dialog.getByRole("button", { name: "Send" }).click();
  await expect(bo.page.getByRole("article")).toContainText("The workshop");
  await expect(bo.page.getByRole("link", { name: "Open in OpenStreetMap" })).toHaveAttribute("href", /mlat=47\.07&mlon=15\.44#/);
});
