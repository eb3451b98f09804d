// Users are only offered the actions that their role allows.

import { expect, createJobConversation, sendMessage, openChat, test, tokenOf } from "./fixtures.ts";

const ALL = [
  { user_id: "ana", role: "admin" },
  { user_id: "bo", role: "participant" },
  { user_id: "cy", role: "observer" },
] as const;

test("an observer can read but not write", async ({ browser }) => {
  const { id } = await createJobConversation(ALL);
  await sendMessage("ana", id, "for everyone");
  const cy = await openChat(browser, "cy", id);
  await expect(cy.message("for everyone")).toBeVisible();
  await expect(cy.page.getByText("as an observer")).toBeVisible();
  await expect(cy.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await cy.message("for everyone").hover();
  await expect(cy.message("for everyone").getByRole("button", { name: "Reply" })).toHaveCount(0);
  await cy.message("for everyone").getByRole("button", { name: "More actions" }).click();
  await expect(cy.page.getByRole("menuitem")).toHaveText(["Copy text", "Copy link"]);
  await cy.page.keyboard.press("Escape");
  await sendMessage("bo", id, "and more");
  await expect(cy.message("and more")).toBeVisible();
});

test("a closed conversation is read-only for all, until it is reopened", async ({ browser }) => {
  const { id } = await createJobConversation(ALL);
  await sendMessage("bo", id, "so long");
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);
  await bo.page.getByRole("button", { name: "Details" }).click();
  await expect(bo.page.getByRole("button", { name: "Close conversation" })).toHaveCount(0);
  await bo.page.keyboard.press("Escape");
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Close conversation" }).click();
  await expect(ana.page.getByRole("heading", { name: "Close this conversation for everyone?" })).toBeVisible();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Close conversation" }).click();
  await expect(bo.page.getByText("This conversation is closed.")).toBeVisible();
  await expect(bo.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await expect(ana.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await ana.page.getByRole("button", { name: "Reopen conversation" }).click();
  await expect(bo.field).toBeVisible();
});

test("a removed participant loses access", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  const bo = await openChat(browser, "bo", id);
  const headers = { Authorization: `Bearer ${await tokenOf("ana")}`, "Content-Type": "application/json" };
  const path = `${new URL(bo.page.url()).origin}/chat/conversations/${id}/remove_participant/`;
  await fetch(path, { method: "POST", headers, body: JSON.stringify({ user_id: "bo" }) });
  await expect(bo.page.getByText("You no longer have access")).toBeVisible();
  await expect(bo.page.getByRole("navigation").getByText(title)).toHaveCount(0);
});

test("archived conversations are listed separately, and a new message unarchives one", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  await sendMessage("bo", id, "hello");
  const ana = await openChat(browser, "ana", id);
  const list = ana.page.getByRole("navigation");
  await expect(list.getByText(title)).toBeVisible();
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(list.getByText(title)).toHaveCount(0);
  await list.getByRole("button", { name: /^Archived/ }).click();
  await expect(list.getByText(title)).toBeVisible();
  await list.getByRole("button", { name: "Back to all conversations" }).click();
  await sendMessage("bo", id, "one more thing");
  await expect(list.getByText(title)).toBeVisible();
});

test("the list shows types, search, unread counts and the last message; a notification opens its conversation", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  const ana = await openChat(browser, "ana");
  const list = ana.page.getByRole("navigation");
  await sendMessage("bo", id, "find me, @Ana Lima");
  const row = list.getByRole("button", { name: title });
  await expect(row).toContainText("Bo: find me, @Ana Lima");
  await expect(row).toContainText("1 unread");
  await ana.page.getByRole("searchbox").fill(title);
  await expect(list.getByRole("button")).toHaveCount(await list.getByRole("button", { name: /^Archived/ }).count() + 1);
  await ana.page.getByRole("searchbox").fill("");
  await ana.page.getByRole("button", { name: "Bids" }).click();
  await expect(row).toHaveCount(0);
  await ana.page.getByRole("button", { name: /^Notifications/ }).click();
  await ana.page.getByRole("dialog").getByRole("button", { name: title }).click();
  await expect(ana.message("find me")).toBeVisible();
  await ana.page.getByRole("button", { name: "All", exact: true }).click();
  await expect(row).not.toContainText("1 unread");
});

test("the chat can be used with the keyboard alone", async ({ browser }) => {
  const { id, title } = await createJobConversation(ALL);
  await sendMessage("bo", id, "first");
  await sendMessage("bo", id, "second");
  const { page } = await openChat(browser, "ana");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.getByRole("searchbox").pressSequentially(title);
  await expect(page.getByRole("button", { name: title })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("log")).toBeVisible();
  await page.getByRole("article").last().focus();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("article").first()).toBeFocused();
  await page.keyboard.press("r");
  await expect(page.getByText("Replying to Bo Chen")).toBeVisible();
  await page.keyboard.type("answered");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("article").filter({ hasText: "answered" })).toContainText("first");
  await page.keyboard.press("ArrowUp");
  await expect(page.getByText("Editing your message")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText("Editing your message")).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: title })).toBeFocused();
});
