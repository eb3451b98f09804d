// Recovery from a lost network, a killed service and a rejected message.

import { expect, createJobConversation, sendMessage, service, openChat, test } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const TEN_MESSAGES = Array.from({ length: 10 }, (_, at) => `word ${at + 1} of ten`);

test("ten messages received while offline are shown once and in order", async ({ browser, network }) => {
  const { id } = await createJobConversation(BOTH);
  const bo = await openChat(browser, "bo", id, {}, network.url);
  await sendMessage("ana", id, "before");
  await expect(bo.message("before")).toBeVisible();
  await bo.page.context().setOffline(true);
  network.disconnect();
  await expect(bo.page.getByText("You're offline.")).toBeVisible();
  for (const content of TEN_MESSAGES) await sendMessage("ana", id, content);
  await bo.send("written offline");
  await expect(bo.page.getByText("written offline")).toBeVisible();
  network.restore();
  await bo.page.context().setOffline(false);
  await expect(bo.message("word 10 of ten")).toBeVisible();
  await expect.poll(() => bo.messageTexts()).toEqual(["before", ...TEN_MESSAGES, "written offline"]);
  await expect(bo.page.getByText("You're offline.")).toBeHidden();
  await expect(bo.message("written offline").getByText("Sent", { exact: true })).toBeAttached();
});

test("a lost network is shown at once, and an interrupted upload continues when it is back", async ({ browser, network }) => {
  const { id } = await createJobConversation(BOTH);
  const bo = await openChat(browser, "bo", id, {}, network.url);
  await bo.page.context().setOffline(true);
  await expect(bo.page.getByText("You're offline.")).toBeVisible({ timeout: 4_000 });
  await bo.page.locator("input[type=file]").setInputFiles([{ name: "note.txt", mimeType: "text/plain", buffer: Buffer.from("a note") }]);
  await expect(bo.page.getByText("note.txt: The upload was interrupted")).toBeAttached();
  await bo.page.context().setOffline(false);
  await expect(bo.page.getByText("note.txt: ready to send")).toBeAttached({ timeout: 20_000 });
});

test("both users continue after the service is killed and restarted", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const [ana, bo] = await Promise.all([openChat(browser, "ana", id), openChat(browser, "bo", id)]);
  await ana.send("before the fall");
  await expect(bo.message("before the fall")).toBeVisible();
  await service.stop("SIGKILL");
  await expect(ana.page.getByText("You're offline.")).toBeVisible();
  await ana.send("while it was down");
  await service.start();
  await expect(bo.message("while it was down")).toBeVisible({ timeout: 40_000 });
  await bo.send("and after");
  await expect(ana.message("and after")).toBeVisible();
  expect(await ana.messageTexts()).toEqual(["before the fall", "while it was down", "and after"]);
  expect(await bo.messageTexts()).toEqual(["before the fall", "while it was down", "and after"]);
});

test("a rejected message shows an error and can be retried or discarded", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const bo = await openChat(browser, "bo", id);
  await bo.field.fill("a\u0001b");
  await bo.field.press("Enter");
  await expect(bo.page.getByRole("alert")).toContainText("Not sent");
  await bo.page.getByRole("button", { name: "Try again" }).click();
  await expect(bo.page.getByRole("alert")).toContainText("Not sent");
  await bo.page.getByRole("button", { name: "Discard" }).click();
  await expect(bo.page.getByRole("alert")).toBeHidden();
});
