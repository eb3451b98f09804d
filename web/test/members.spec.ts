// The details of a conversation: its members, and a mute that ends.

import type { Locator, Page } from "@playwright/test";
import { callApi, expect, createJobConversation, openChat, test, tokenOf } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const LONG_NAME = "Maximiliane von und zu Hohenlohe-Waldenburg-Schillingsfürst";

const sidewaysOverflow = (element: Locator) => element.evaluate((one) => one.scrollWidth - one.clientWidth);
const openDetails = (page: Page) => page.getByRole("button", { name: "Details" }).click();

for (const [name, width] of [["desktop", 1280], ["phone", 390]] as const) {
  test(`a long name leaves the roles in view, and many members are searched: ${name}`, async ({ browser }) => {
    const user = (at: number) => `person-${process.pid}-${width}-${at}`;
    const people = Array.from({ length: 20 }, (_, at) => ({ user_id: user(at), role: "participant" as const, display_name: at === 0 ? LONG_NAME : `Person ${at}` }));
    const { id } = await createJobConversation([...BOTH, ...people]);
    const { page } = await openChat(browser, "ana", id, { viewport: { width, height: 800 } });
    await openDetails(page);
    const details = page.getByRole("complementary");
    const rows = details.locator(".members li");
    await expect(rows).toHaveCount(22);
    const panel = await details.boundingBox();
    for (const badge of await rows.locator(".badge").all()) {
      const box = await badge.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((panel?.x ?? 0) + (panel?.width ?? 0));
    }
    expect(await sidewaysOverflow(details)).toBe(0);
    // Who is online first, then in natural order.
    await expect(rows.first()).toContainText("Ana Lima");
    const names = await rows.allInnerTexts();
    const order = ["Person 1\n", "Person 2\n", "Person 10\n"].map((one) => names.findIndex((text) => `${text}\n`.includes(one)));
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    await details.getByRole("searchbox").fill("hohenlohe");
    await expect(rows).toHaveCount(1);
    await details.getByRole("searchbox").fill("no such member");
    await expect(details.getByText("No members match")).toBeVisible();
  });
}

test("a mute is shown in the list, above the conversation and in the details until it ends", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  const { page } = await openChat(browser, "ana", id);
  const put = async (seconds: number) => {
    const body = { muted_until: new Date(Date.now() + seconds * 1_000).toISOString() };
    await callApi("PUT", `/chat/conversations/${id}/notification_preferences/`, await tokenOf("ana"), body);
  };
  const row = page.getByRole("navigation").getByRole("button", { name: title });
  const header = page.locator(".chat-bar");
  await expect(row).toBeVisible();
  await expect(row).not.toContainText("Muted");
  await openDetails(page);
  const mute = page.getByRole("complementary").getByLabel("Mute");
  await mute.selectOption("For an hour");
  for (const place of [row, header]) await expect(place).toContainText("Muted");
  await mute.selectOption("Not muted");
  for (const place of [row, header]) await expect(place).not.toContainText("Muted");
  await put(6);
  await page.reload();
  for (const place of [row, header]) await expect(place).toContainText("Muted");
  await openDetails(page);
  await expect(mute).toHaveValue("current");
  await expect(mute).toHaveValue("none");
  for (const place of [row, header]) await expect(place).not.toContainText("Muted");
});
