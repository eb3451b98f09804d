// axe finds nothing, in light and dark, at both widths, wherever one can go.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import { call, expect, sit, test, tokenOf } from "./world.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Finding {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  // What moves in is half transparent for a moment.
  await page.evaluate(() => Promise.all(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished)));
  const found = (await page.evaluate(`axe.run({ runOnly: ${JSON.stringify(TAGS)} }).then((it) => it.violations)`)) as Finding[];
  return found.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ""}`));
}

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
