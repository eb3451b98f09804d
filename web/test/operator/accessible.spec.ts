// axe finds nothing on the operator's page, in light and dark, at both widths.

import { findings } from "../axe.ts";
import { bury, lookIn, scene } from "./world.ts";
import { expect, test } from "../world.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of [["desktop", 1440], ["phone", 390]] as const) {
    test(`axe finds nothing for operators: ${colorScheme}, ${name}`, async ({ browser }) => {
      const { id, message } = await scene();
      bury(id);
      const options = { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" } as const;
      const page = await lookIn(browser, "", options);
      const look = async (where: string) => expect.soft(await findings(page), where).toEqual([]);
      const go = (hash: string) => page.evaluate((to) => (location.hash = to), hash);
      await expect(page.locator(".row").first()).toBeVisible();
      await page.getByRole("button", { name: "Filters" }).click();
      await look("the list");
      await go(`#/conversations/${id}`);
      await expect(page.locator(".message").first()).toBeVisible();
      await look("messages");
      await go(`#/conversations/${id}/messages/${message}`);
      await expect(page.locator("ins").first()).toBeVisible();
      await look("a message");
      await go(`#/conversations/${id}/members`);
      await expect(page.locator(".members li").first()).toBeVisible();
      await look("members");
      await go("#/failed-deliveries");
      await expect(page.locator(".delivery").first()).toBeVisible();
      await look("dead letters");
      await go("#/metrics");
      await expect(page.locator(".spark .area").first()).toBeVisible();
      await look("figures");
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("button", { name: "Continue as Sam Ortiz" })).toBeVisible();
      await look("signing in");
    });
  }
}
