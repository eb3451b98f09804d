// The operator's page: everybody's conversations, versions and receipts, members, dead letters, figures.

import { bury, lookIn, scene } from "./world.ts";
import { expect, service, sit, test, tokenOf } from "../world.ts";

test("who is not of the staff is told so and sees nothing", async ({ page }) => {
  await page.goto(`${service.url}/operator`);
  await page.getByLabel("Token of a user of the staff").fill("no token");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toHaveText("This is no token.");
  await page.getByLabel("Token of a user of the staff").fill(await tokenOf("ana"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText("Only the staff may look in here");
  await expect(page.getByRole("navigation")).toHaveCount(0);
});

test("a conversation is found by its title and shows its versions, receipts and members", async ({ browser }) => {
  const { title, id } = await scene();
  const page = await lookIn(browser);
  await page.getByLabel("Words of the title").fill(title.slice(0, -1));
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: title }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
  await expect(page.locator(".message", { hasText: "Do not tell anybody." })).toHaveCount(0);

  await page.locator(".message", { hasText: "whole fence" }).click();
  const pane = page.getByRole("region", { name: "Message" });
  await expect(pane.locator("del")).toHaveText(["Friday", "nine"]);
  await expect(pane.locator("ins")).toHaveText(["Monday", "ten"]);
  await pane.getByRole("combobox", { name: "Before" }).selectOption("Version 1");
  await expect(pane.locator("ins")).toHaveText(["whole ", "Monday", "ten"]);
  await expect(pane.locator(".receipts li")).toHaveText([/^.*Bo Chen/]);

  await page.locator(".message", { hasText: "Deleted" }).click();
  await expect(pane.locator("del")).toHaveText(["Do not tell anybody."]);
  await pane.getByRole("link", { name: "Close" }).click();
  await expect(pane).toHaveCount(0);

  await page.getByRole("link", { name: "Members and roles" }).click();
  await expect(page.locator(".members li")).toHaveText([/Ana Lima.*Admin/, /Bo Chen.*Participant/, /Cy Okafor.*Observer.*Left/]);
  expect(page.url()).toContain(id);
  await page.reload();
  await expect(page.locator(".members li")).toHaveCount(3);
});

test("the list narrows by type and state, and says when nothing is like that", async ({ browser }) => {
  const page = await lookIn(browser);
  const badges = page.locator(".row .badge[data-tone]");
  await page.getByLabel("Type").selectOption("Support");
  await expect(badges.first()).toHaveText("Support");
  await expect(page.locator('.row .badge[data-tone="job"]')).toHaveCount(0);
  await page.getByLabel("Type").selectOption("Any type");
  await page.getByLabel("State").selectOption("Closed");
  await expect(page.locator('.row .badge[data-tone="support"]')).toHaveCount(0);
  await page.getByLabel("Words of the title").fill("nobody calls it this");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No conversation is like that")).toBeVisible();
});

test("dead letters are tried again, one and all of a kind", async ({ browser }) => {
  const { id } = await scene();
  bury(id);
  const page = await lookIn(browser, "#/letters");
  await expect(page.locator(".kinds li")).toHaveCount(2);
  await page.getByRole("button", { name: "Show only E-mail: smtp_550" }).click();
  await expect(page.locator(".letter")).toHaveCount(2);
  await page.getByRole("button", { name: "Retry all 2" }).click();
  await expect(page.getByRole("status").filter({ hasText: "2 letters are tried again." })).toBeVisible();
  await expect(page.locator(".letter")).toHaveCount(1);
  await page.getByRole("button", { name: "Retry the letter to cy" }).click();
  await expect(page.getByRole("heading", { name: "No dead letters" })).toBeVisible();
});

test("figures follow what happens", async ({ browser }) => {
  const page = await lookIn(browser, "#/figures");
  const sockets = page.locator(".card", { hasText: "Open sockets" }).locator(".figure");
  await expect(sockets).toHaveText(/^\d+$/);
  const before = Number(await sockets.innerText());
  const seat = await sit(browser, "ana");
  await expect.poll(async () => Number(await sockets.innerText())).toBeGreaterThan(before);
  await seat.page.context().close();
  await expect(page.locator(".spark .area").first()).toBeVisible();
});

test("the keyboard alone goes from the list to a version and back", async ({ browser }) => {
  const { id } = await scene();
  const page = await lookIn(browser, `#/conversations/${id}`);
  const message = page.locator(".message", { hasText: "whole fence" });
  await expect(message).toBeVisible();
  await message.focus();
  await page.keyboard.press("Enter");
  const pane = page.getByRole("region", { name: "Message" });
  await pane.getByRole("combobox", { name: "Before" }).focus();
  await page.keyboard.press("ArrowUp");
  await expect(pane.locator("ins").first()).toHaveText("whole ");
  await pane.getByRole("link", { name: "Close" }).focus();
  await page.keyboard.press("Enter");
  await expect(pane).toHaveCount(0);
});
