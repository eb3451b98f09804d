// axe reports no violations, in both themes and at both widths, in every view.

import { axeViolations } from "./axe.ts";
import { callApi, closeWithEscape, expect, createJobConversation, sendMessage, openChat, test, tokenOf } from "./fixtures.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of [["desktop", 1280], ["phone", 390]] as const) {
    test(`axe reports no violations: ${colorScheme}, ${name}`, async ({ browser }) => {
      const { results } = await callApi<{ results: { id: string; title: string }[] }>("GET", "/chat/conversations/", await tokenOf("ana"));
      const kitchen = results.find((one) => one.title === "Tiles for the kitchen")?.id ?? "";
      const { page } = await openChat(browser, "ana", "", { colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
      const checkAxe = async (view: string) => expect.soft(await axeViolations(page), view).toEqual([]);
      await checkAxe("the list");
      await page.getByRole("button", { name: /^Notifications/ }).click();
      await checkAxe("notifications");
      await page.getByRole("button", { name: "Notification settings" }).click();
      await expect(page.getByText("All messages")).toBeVisible();
      await checkAxe("preferences");
      await closeWithEscape(page);
      await page.evaluate((id) => (location.hash = `#ana/${id}`), kitchen);
      await expect(page.getByRole("log")).toBeVisible();
      await checkAxe("a conversation");
      await page.getByRole("article").last().focus();
      await page.keyboard.press("+");
      await checkAxe("a message with its actions, and emojis");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Details" }).click();
      await checkAxe("details");
      await page.getByRole("complementary").getByRole("button", { name: "Close", exact: true }).click();
      await page.getByRole("button", { name: "Share a location" }).click();
      await checkAxe("sharing a location");
      await closeWithEscape(page);
      await page.evaluate(() => (location.hash = ""));
      await expect(page.getByText("Who would you like to be?")).toBeVisible();
      await checkAxe("the user picker");
    });
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe reports no violations while offline: ${colorScheme}`, async ({ browser, network }) => {
    const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
    await sendMessage("ana", id, "stored");
    const ana = await openChat(browser, "ana", id, { colorScheme, reducedMotion: "reduce" }, network.url);
    network.disconnect();
    await expect(ana.page.locator(".banner")).toContainText("You're offline.");
    await ana.send("on its way");
    await expect(ana.page.getByText("on its way")).toBeVisible();
    await ana.clickAction("stored", "Add a reaction");
    await ana.page.getByRole("group", { name: "Emojis" }).getByRole("button", { name: "🎉" }).click();
    await expect(ana.page.getByText("Couldn't update the reaction.")).toBeVisible();
    await ana.page.getByRole("button", { name: "More", exact: true }).click();
    expect(await axeViolations(ana.page)).toEqual([]);
  });
}
