// Pictures of the operator's page: `make screenshots` writes them beside those of the chat.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bury, lookIn, scene } from "./world.ts";
import { expect, say, sit, test } from "../world.ts";

const OUT = fileURLToPath(new URL("../../../build/screenshots/", import.meta.url));
const SIZES = { desktop: { width: 1440, height: 860 }, phone: { width: 390, height: 844 } } as const;

mkdirSync(OUT, { recursive: true });

for (const size of ["desktop", "phone"] as const) {
  for (const scheme of ["light", "dark"] as const) {
    test(`the operator's page, ${size}, ${scheme}`, async ({ browser }) => {
      test.setTimeout(120_000);
      const { id, message } = await scene();
      bury(id);
      const page = await lookIn(browser, "", { viewport: SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
      const shoot = async (name: string) => {
        await page.evaluate(() => document.fonts.ready);
        await page.mouse.move(2, 2);
        await page.screenshot({ path: `${OUT}operator-${size}-${name}-${scheme}.png` });
      };
      const go = (hash: string) => page.evaluate((to) => (location.hash = to), hash);
      await expect(page.locator(".row").first()).toBeVisible();
      await shoot("list");
      await go(`#/conversations/${id}`);
      await expect(page.locator(".message").first()).toBeVisible();
      await shoot("messages");
      await go(`#/conversations/${id}/messages/${message}`);
      await expect(page.locator("ins").first()).toBeVisible();
      await shoot("versions");
      await go(`#/conversations/${id}/members`);
      await expect(page.locator(".members li").first()).toBeVisible();
      await shoot("members");
      await go("#/letters");
      await expect(page.locator(".letter").first()).toBeVisible();
      await shoot("letters");
      await go("#/figures");
      const seat = await sit(browser, "bo", id);
      for (let burst = 1; burst <= 5; burst++) {
        const before = await page.locator(".spark .line").first().getAttribute("d").catch(() => null);
        for (let n = 0; n < burst * 3; n++) await say("ana", id, `On my way ${burst}-${n}`);
        await expect.poll(() => page.locator(".spark .line").first().getAttribute("d").catch(() => null)).not.toBe(before);
      }
      await shoot("figures");
      await seat.page.context().close();
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Who looks in?" })).toBeVisible();
      await shoot("sign-in");
    });
  }
}
