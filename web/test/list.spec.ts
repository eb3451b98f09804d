// The list of a user with many conversations is loaded by pages and rendered only near the viewport.

import { execFileSync } from "node:child_process";
import { expect, createConversations, root, test, url } from "./fixtures.ts";

const COUNT = 130;

test("a long list is shown after its first page, loads more when scrolled, and is searched as a whole", async ({ browser }) => {
  const user = `pat-${process.pid}`;
  const token = execFileSync(`${root}.venv/bin/wasgo-chat`, ["token", "--user", user], { encoding: "utf8" }).trim();
  await createConversations(COUNT, (at) => ({ title: `Errand number ${at}.`, members: [{ user_id: user, role: "admin" }, { user_id: at === 3 ? "mia" : "bo", role: "participant" }] }));
  const page = await (await browser.newContext()).newPage();
  const pages: string[] = [];
  page.on("request", (request) => request.url().includes("/chat/conversations/?archived=false") && pages.push(request.url()));
  const profile = { id: user, username: user, display_name: "Pat", avatar_url: null, is_staff: false, about: "Many jobs", token };
  await page.route("**/demo/users/", (route) => route.fulfill({ json: { results: [profile] } }));
  await page.goto(`${url}/#${user}`);
  const list = page.getByRole("navigation");
  await expect(list.getByText(`Errand number ${COUNT - 1}.`)).toBeVisible();
  expect(pages).toHaveLength(1);
  expect(await list.locator("[data-conversation]").count()).toBeLessThan(COUNT / 2);
  await list.getByRole("button").first().focus();
  await expect(async () => {
    await page.keyboard.press("End");
    await expect(list.getByText("Errand number 0.")).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(await list.locator("[data-conversation]").count()).toBeLessThan(COUNT / 2);
  expect(pages).toHaveLength(2);

  await page.reload();
  await page.getByRole("searchbox").fill("mia");
  await expect(list.getByText("Errand number 3.")).toBeVisible();
  await expect(list.locator("[data-conversation]")).toHaveCount(1);
  await page.getByRole("searchbox").fill(`${process.pid}-list-7 errand`);
  await expect(list.getByText("Errand number 7.")).toBeVisible();
  await page.context().close();
});
