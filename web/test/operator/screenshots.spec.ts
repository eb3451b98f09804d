// Pictures of the operator's page: `make screenshots` writes them beside those of the chat.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bury, lookIn, scene } from "./world.ts";
import { expect, job, say, sit, test } from "../world.ts";

const OUT = fileURLToPath(new URL("../../../build/screenshots/", import.meta.url));
const SIZES = { desktop: { width: 1440, height: 860 }, phone: { width: 390, height: 844 } } as const;

mkdirSync(OUT, { recursive: true });

// One world for all pictures, with names that people would give; what the figures need is said where no picture looks.
let made: Promise<{ id: string; message: string; busy: string }> | undefined;

async function paint(): Promise<{ id: string; message: string; busy: string }> {
  const { id: busy } = await job([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }], { title: "Move on Saturday", reference: "48190" });
  const { id, message } = await scene({ title: "Paint the back fence", reference: "48213" });
  return { id, message, busy };
}

for (const size of ["desktop", "phone"] as const) {
  for (const scheme of ["light", "dark"] as const) {
    test(`the operator's page, ${size}, ${scheme}`, async ({ browser }) => {
      test.setTimeout(120_000);
      const { id, message, busy } = await (made ??= paint());
      bury(id);
      const page = await lookIn(browser, "", { viewport: SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
      const shoot = async (name: string) => {
        await page.evaluate(() => document.fonts.ready);
        await page.mouse.move(2, 2);
        // What the pointer was on before looks so until the next frame.
        await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
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
      await go("#/failed-deliveries");
      await expect(page.locator(".delivery").first()).toBeVisible();
      await shoot("letters");
      await go("#/metrics");
      const seat = await sit(browser, "bo", busy);
      for (let burst = 1; burst <= 5; burst++) {
        const before = await page.locator(".spark .line").first().getAttribute("d").catch(() => null);
        for (let n = 0; n < burst * 3; n++) await say("ana", busy, `Box ${burst * 100 + n} is packed`);
        await expect.poll(() => page.locator(".spark .line").first().getAttribute("d").catch(() => null)).not.toBe(before);
      }
      await shoot("figures");
      await seat.page.context().close();
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Operator sign-in" })).toBeVisible();
      await shoot("sign-in");
    });
  }
}
