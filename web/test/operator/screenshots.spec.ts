// Screenshots of the operator page, written by `make screenshots`.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { insertDeadDeliveries, openOperatorPage, createEditedConversation } from "./fixtures.ts";
import { expect, createJobConversation, sendMessage, openChat, test } from "../fixtures.ts";

const OUT = fileURLToPath(new URL("../../../build/screenshots/", import.meta.url));
const SIZES = { desktop: { width: 1440, height: 860 }, phone: { width: 390, height: 844 } } as const;

mkdirSync(OUT, { recursive: true });

// One set of conversations for all screenshots, with realistic titles. The traffic for the metrics goes to one of its own.
let created: Promise<{ id: string; message: string; busy: string }> | undefined;

async function createConversations(): Promise<{ id: string; message: string; busy: string }> {
  const { id: busy } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }], { title: "Move on Saturday", reference: "48190" });
  const { id, message } = await createEditedConversation({ title: "Paint the back fence", reference: "48213" });
  return { id, message, busy };
}

for (const size of ["desktop", "phone"] as const) {
  for (const scheme of ["light", "dark"] as const) {
    test(`operator page, ${size}, ${scheme}`, async ({ browser }) => {
      test.setTimeout(120_000);
      const { id, message, busy } = await (created ??= createConversations());
      insertDeadDeliveries(id);
      const page = await openOperatorPage(browser, "", { viewport: SIZES[size], colorScheme: scheme, reducedMotion: "reduce" });
      const shoot = async (name: string) => {
        await page.evaluate(() => document.fonts.ready);
        await page.mouse.move(2, 2);
        // The hover style of the previous element lasts until the next frame.
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
        await page.screenshot({ path: `${OUT}operator-${size}-${name}-${scheme}.png` });
      };
      const navigate = (hash: string) => page.evaluate((to) => (location.hash = to), hash);
      await expect(page.locator(".row").first()).toBeVisible();
      await shoot("list");
      await navigate(`#/conversations/${id}`);
      await expect(page.locator(".message").first()).toBeVisible();
      await shoot("messages");
      await navigate(`#/conversations/${id}/messages/${message}`);
      await expect(page.locator("ins").first()).toBeVisible();
      await shoot("versions");
      await navigate(`#/conversations/${id}/members`);
      await expect(page.locator(".members li").first()).toBeVisible();
      await shoot("members");
      await navigate("#/failed-deliveries");
      await expect(page.locator(".delivery").first()).toBeVisible();
      await shoot("failed-deliveries");
      await navigate("#/metrics");
      const chat = await openChat(browser, "bo", busy);
      for (let burst = 1; burst <= 5; burst++) {
        const before = await page.locator(".spark .line").first().getAttribute("d").catch(() => null);
        for (let n = 0; n < burst * 3; n++) await sendMessage("ana", busy, `Box ${burst * 100 + n} is packed`);
        await expect.poll(() => page.locator(".spark .line").first().getAttribute("d").catch(() => null)).not.toBe(before);
      }
      await shoot("metrics");
      await chat.page.context().close();
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("heading", { name: "Operator sign-in" })).toBeVisible();
      await shoot("sign-in");
    });
  }
}
