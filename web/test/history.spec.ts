// Old messages: the first unread one and any other are shown, however far back, by the list, notifications and links.

import { callApi, expect, createJobConversation, sendMessage, openChat, test, tokenOf } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const COUNT = 90;

test("a conversation opens at its first unread message, and a notification and a link at theirs", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  await sendMessage("bo", id, "the first, @Ana Lima");
  const ana = await openChat(browser, "ana", id);
  const row = ana.page.getByRole("navigation").getByRole("button", { name: title });
  const unread = async () => (await callApi<{ unread_count: number }>("GET", `/chat/conversations/${id}/`, await tokenOf("ana"))).unread_count;
  await expect.poll(unread).toBe(0);
  await ana.page.keyboard.press("Escape");
  for (let at = 0; at < COUNT; at++) await sendMessage("bo", id, `number ${at}.`);
  await expect(row).toContainText(`${COUNT} unread`);

  await row.click();
  await expect(ana.page.locator(".thread-row[data-kind=unread] + .thread-row")).toContainText("number 0.");
  await expect(ana.message("number 0.")).toBeInViewport();
  const jump = ana.page.getByRole("button", { name: `Jump to the newest message, ${COUNT} unread` });
  await expect(jump).toBeVisible();
  await sendMessage("bo", id, "the newest");
  await expect(ana.page.getByRole("button", { name: `Jump to the newest message, ${COUNT + 1} unread` })).toBeVisible();
  await expect(row).toContainText(`${COUNT + 1} unread`);

  // Scrolling goes on to the newest message without a hole.
  const log = ana.page.getByRole("log");
  await expect
    .poll(async () => {
      await log.evaluate((element) => (element.scrollTop += 2_000));
      return ana.message("the newest").count();
    })
    .toBe(1);
  await expect(row).not.toContainText("unread");

  await ana.page.getByRole("button", { name: /^Notifications/ }).click();
  await ana.page.getByRole("dialog").getByRole("button", { name: "the first" }).click();
  await expect(ana.message("the first")).toBeInViewport();
  await ana.page.getByRole("button", { name: /^Jump to the newest/ }).click();
  await expect(ana.message("the newest")).toBeInViewport();
  await ana.page.goBack();

  await ana.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await ana.page.reload();
  await expect(ana.message("the newest").or(ana.message("the first")).first()).toBeVisible();
  await ana.page.getByRole("button", { name: /^Jump to the newest/ }).or(ana.message("the newest")).first().click();
  await ana.clickAction("number 88.", "Copy link");
  const link = await ana.page.evaluate(() => navigator.clipboard.readText());
  const bo = await openChat(browser, "bo");
  await bo.page.goto(link.replace("#/", "#bo/"));
  await expect(bo.message("number 88.")).toBeInViewport();
  await bo.page.goto(link.replace(/[^/]+$/, "01900000-0000-7000-8000-000000000000").replace("#/", "#bo/"));
  await bo.page.reload();
  await expect(bo.page.getByText("This message no longer exists")).toBeVisible();
  await expect(bo.message("the newest")).toBeInViewport();
});
