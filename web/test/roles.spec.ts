// What one may do is what one is offered.

import { expect, job, say, sit, test, tokenOf } from "./world.ts";

const ALL = [
  { user_id: "ana", role: "admin" },
  { user_id: "bo", role: "participant" },
  { user_id: "cy", role: "observer" },
] as const;

test("an observer reads along and cannot write", async ({ browser }) => {
  const { id } = await job(ALL);
  await say("ana", id, "for everybody");
  const cy = await sit(browser, "cy", id);
  await expect(cy.message("for everybody")).toBeVisible();
  await expect(cy.page.getByText("as an observer")).toBeVisible();
  await expect(cy.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await cy.message("for everybody").hover();
  await expect(cy.message("for everybody").getByRole("group")).toHaveCount(0);
  await say("bo", id, "and more");
  await expect(cy.message("and more")).toBeVisible();
});

test("a closed conversation is read-only for all, until it is reopened", async ({ browser }) => {
  const { id } = await job(ALL);
  await say("bo", id, "so long");
  const [ana, bo] = await Promise.all([sit(browser, "ana", id), sit(browser, "bo", id)]);
  await bo.page.getByRole("button", { name: "Details" }).click();
  await expect(bo.page.getByRole("button", { name: "Close conversation" })).toHaveCount(0);
  await bo.page.keyboard.press("Escape");
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Close conversation" }).click();
  await expect(bo.page.getByText("This conversation is closed.")).toBeVisible();
  await expect(bo.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await expect(ana.page.getByRole("textbox", { name: /^Write/ })).toHaveCount(0);
  await ana.page.getByRole("button", { name: "Reopen conversation" }).click();
  await expect(bo.field).toBeVisible();
});

test("who is removed sees nothing of it any more", async ({ browser }) => {
  const { id, title } = await job(ALL);
  const bo = await sit(browser, "bo", id);
  const headers = { Authorization: `Bearer ${await tokenOf("ana")}`, "Content-Type": "application/json" };
  const path = `${new URL(bo.page.url()).origin}/chat/conversations/${id}/remove_participant/`;
  await fetch(path, { method: "POST", headers, body: JSON.stringify({ user_id: "bo" }) });
  await expect(bo.page.getByText("You no longer have access")).toBeVisible();
  await expect(bo.page.getByRole("navigation").getByText(title)).toHaveCount(0);
});

test("archived conversations stand apart, and the next message brings one back", async ({ browser }) => {
  const { id, title } = await job(ALL);
  await say("bo", id, "hello");
  const ana = await sit(browser, "ana", id);
  const list = ana.page.getByRole("navigation");
  await expect(list.getByText(title)).toBeVisible();
  await ana.page.getByRole("button", { name: "Details" }).click();
  await ana.page.getByRole("button", { name: "Archive", exact: true }).click();
  await expect(list.getByText(title)).toHaveCount(0);
  await list.getByRole("button", { name: /^Archived/ }).click();
  await expect(list.getByText(title)).toBeVisible();
  await list.getByRole("button", { name: "Back to all conversations" }).click();
  await say("bo", id, "one more thing");
  await expect(list.getByText(title)).toBeVisible();
});

test("the list has types, search, unread and the last message; notifications lead to their conversation", async ({ browser }) => {
  const { id, title } = await job(ALL);
  const ana = await sit(browser, "ana");
  const list = ana.page.getByRole("navigation");
  await say("bo", id, "find me, @Ana Lima");
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

test("the keyboard alone is enough", async ({ browser }) => {
  const { id, title } = await job(ALL);
  await say("bo", id, "first");
  await say("bo", id, "second");
  const { page } = await sit(browser, "ana");
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
