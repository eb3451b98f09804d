// What is lost on the way comes back: the network, the service, a message that was refused.

import { expect, job, say, service, sit, test } from "./world.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const TEN = Array.from({ length: 10 }, (_, at) => `word ${at + 1} of ten`);

test("ten messages that came while one was offline are shown once, and in order", async ({ browser, network }) => {
  const { id } = await job(BOTH);
  const bo = await sit(browser, "bo", id, {}, network.url);
  await say("ana", id, "before");
  await expect(bo.message("before")).toBeVisible();
  await bo.page.context().setOffline(true);
  network.cut();
  await expect(bo.page.getByText("You're offline.")).toBeVisible();
  for (const words of TEN) await say("ana", id, words);
  await bo.writes("written offline");
  await expect(bo.page.getByText("written offline")).toBeVisible();
  network.restore();
  await bo.page.context().setOffline(false);
  await expect(bo.message("word 10 of ten")).toBeVisible();
  await expect.poll(() => bo.words()).toEqual(["before", ...TEN, "written offline"]);
  await expect(bo.page.getByText("You're offline.")).toBeHidden();
  await expect(bo.message("written offline").getByText("Sent", { exact: true })).toBeAttached();
});

test("the service is killed and comes back, and both go on", async ({ browser }) => {
  const { id } = await job(BOTH);
  const [ana, bo] = await Promise.all([sit(browser, "ana", id), sit(browser, "bo", id)]);
  await ana.writes("before the fall");
  await expect(bo.message("before the fall")).toBeVisible();
  await service.stop("SIGKILL");
  await expect(ana.page.getByText("You're offline.")).toBeVisible();
  await ana.writes("while it was down");
  await service.start();
  await expect(bo.message("while it was down")).toBeVisible({ timeout: 40_000 });
  await bo.writes("and after");
  await expect(ana.message("and after")).toBeVisible();
  expect(await ana.words()).toEqual(["before the fall", "while it was down", "and after"]);
  expect(await bo.words()).toEqual(["before the fall", "while it was down", "and after"]);
});

test("a refused message says so, and can be sent again or discarded", async ({ browser }) => {
  const { id } = await job(BOTH);
  const bo = await sit(browser, "bo", id);
  await bo.field.fill("a\u0001b");
  await bo.field.press("Enter");
  await expect(bo.page.getByRole("alert")).toContainText("Not sent");
  await bo.page.getByRole("button", { name: "Try again" }).click();
  await expect(bo.page.getByRole("alert")).toContainText("Not sent");
  await bo.page.getByRole("button", { name: "Discard" }).click();
  await expect(bo.page.getByRole("alert")).toBeHidden();
});
