// axe finds nothing, in light and dark, at both widths, wherever one can go.

import { findings } from "./axe.ts";
import { call, expect, job, say, sit, test, tokenOf } from "./world.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of [["desktop", 1280], ["phone", 390]] as const) {
    test(`axe finds nothing: ${colorScheme}, ${name}`, async ({ browser }) => {
      const { results } = await call<{ results: { id: string; title: string }[] }>("GET", "/chat/conversations/", await tokenOf("ana"));
      const kitchen = results.find((one) => one.title === "Tiles for the kitchen")?.id ?? "";
      const { page } = await sit(browser, "ana", "", { colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
      const look = async (where: string) => expect.soft(await findings(page), where).toEqual([]);
      await look("the list");
      await page.getByRole("button", { name: /^Notifications/ }).click();
      await look("notifications");
      await page.getByRole("button", { name: "Notification settings" }).click();
      await expect(page.getByText("All messages")).toBeVisible();
      await look("preferences");
      await page.keyboard.press("Escape");
      await page.evaluate((id) => (location.hash = `#ana/${id}`), kitchen);
      await expect(page.getByRole("log")).toBeVisible();
      await look("a conversation");
      await page.getByRole("article").last().focus();
      await page.keyboard.press("+");
      await look("a message with its actions, and emojis");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Details" }).click();
      await look("details");
      await page.getByRole("complementary").getByRole("button", { name: "Close", exact: true }).click();
      await page.getByRole("button", { name: "Share a location" }).click();
      await look("sharing a location");
      await page.keyboard.press("Escape");
      await page.evaluate(() => (location.hash = ""));
      await expect(page.getByText("Who would you like to be?")).toBeVisible();
      await look("the choice of a user");
    });
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe finds nothing while there is no connection: ${colorScheme}`, async ({ browser, network }) => {
    const { id } = await job([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
    await say("ana", id, "stored");
    const ana = await sit(browser, "ana", id, { colorScheme, reducedMotion: "reduce" }, network.url);
    network.cut();
    await expect(ana.page.locator(".banner")).toContainText("You're offline.");
    await ana.writes("on its way");
    await expect(ana.page.getByText("on its way")).toBeVisible();
    await ana.acts("stored", "Add a reaction");
    await ana.page.getByRole("group", { name: "Emojis" }).getByRole("button", { name: "🎉" }).click();
    await expect(ana.page.getByText("Couldn't update the reaction.")).toBeVisible();
    await ana.page.getByRole("button", { name: "More" }).click();
    expect(await findings(ana.page)).toEqual([]);
  });
}
