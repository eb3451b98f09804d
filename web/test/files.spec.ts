// Files in messages: limits, and how several images are shown.

import { axeViolations } from "./axe.ts";
import { expect, createJobConversation, openChat, sendMessage, test } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const TIFF = Buffer.from(
  "SUkqAAgAAAAKAAABBAABAAAABAAAAAEBBAABAAAABAAAAAIBAwADAAAAhgAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEBBAABAAAAjAAAABUBAwABAAAAAwAAABYBBAABAAAABAAAABcBBAABAAAAMAAAABwBAwABAAAAAQAAAAAAAAAIAAgACADIHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh7IHh4=",
  "base64",
);
const images = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `${at + 1}.png`, mimeType: "image/png", buffer: PNG }));

test("a file over the limit is reported without an upload, and so is a type that is not allowed", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page } = await openChat(browser, "ana", id);
  const uploads: string[] = [];
  page.on("request", (request) => request.url().includes("/attachments/") && uploads.push(request.url()));
  await page.locator("input[type=file]").setInputFiles([{ name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(26_214_401) }]);
  await expect(page.getByText("film.mp4: The file is larger than 26.2 MB")).toBeAttached();
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
  expect(uploads).toEqual([]);
  await page.getByRole("button", { name: "Remove film.mp4" }).click();
  await page.locator("input[type=file]").setInputFiles([{ name: "run.exe", mimeType: "application/x-msdownload", buffer: Buffer.from(`MZ${"\0".repeat(200)}`) }]);
  await expect(page.getByText("run.exe: This file type isn't allowed")).toBeAttached();
  await expect(page.getByRole("button", { name: "Try again" })).toHaveCount(0);
});

test("three images leave no hole, and ten are four with a number", async ({ browser }) => {
  const { id, title } = await createJobConversation(BOTH);
  const { page, field } = await openChat(browser, "ana", id);
  const send = async (count: number) => {
    await page.locator("input[type=file]").setInputFiles(images(count));
    await expect(page.getByText(/: ready to send/)).toHaveCount(count);
    await field.press("Enter");
    await expect(page.getByText(/: ready to send/)).toHaveCount(0);
  };
  await send(3);
  const three = page.locator(".images[data-count='3']");
  await expect(three.getByRole("button")).toHaveCount(3);
  const area = await three.evaluate((element) => {
    const { width, height } = element.getBoundingClientRect();
    const covered = [...element.children].reduce((sum, one) => sum + one.getBoundingClientRect().width * one.getBoundingClientRect().height, 0);
    return covered / (width * height);
  });
  expect(area).toBeGreaterThan(0.95);
  await send(10);
  await expect(page.getByRole("navigation").getByRole("button", { name: title })).toContainText("You: 10 photos");
  const ten = page.locator(".images[data-count='4']");
  await expect(ten.getByRole("button")).toHaveCount(4);
  await expect(ten.getByText("+6")).toBeVisible();
  await ten.getByRole("button").last().click();
  const viewer = page.getByRole("dialog");
  await expect(viewer.getByText("7 of 13")).toBeVisible();
  await viewer.getByRole("button", { name: "Next image" }).click();
  await expect(viewer.getByText("8 of 13")).toBeVisible();
  await viewer.getByRole("button", { name: "Zoom in" }).click();
  await expect(viewer.locator(".full-image")).toHaveAttribute("data-zoomed", "true");
});

test("an image that browsers do not display is shown by its thumbnail", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page, field } = await openChat(browser, "ana", id);
  await page.locator("input[type=file]").setInputFiles([{ name: "scan.tif", mimeType: "image/tiff", buffer: TIFF }]);
  await expect(page.getByText("scan.tif: ready to send")).toBeAttached();
  await field.press("Enter");
  await page.getByRole("button", { name: "Open scan.tif" }).click();
  const shown = page.getByRole("dialog").getByRole("img", { name: "scan.tif" });
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(4);
});

test("a note about files goes away with the message", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page, field } = await openChat(browser, "ana", id);
  await page.locator("input[type=file]").setInputFiles(images(11));
  const note = page.getByRole("status").filter({ hasText: "up to 10 files" });
  await expect(note).toBeVisible();
  await expect(page.getByText(/: ready to send/)).toHaveCount(10);
  await field.press("Enter");
  await expect(note).toHaveCount(0);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`axe reports no violations for files, quotes and mentions: ${colorScheme}`, async ({ browser }) => {
    const { id } = await createJobConversation(BOTH);
    await sendMessage("bo", id, "Please ask @Ana Lima, or see https://example.org/a");
    const ana = await openChat(browser, "ana", id, { colorScheme, reducedMotion: "reduce" });
    await ana.page.locator("input[type=file]").setInputFiles([{ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("a note") }]);
    await expect(ana.page.getByText("notes.txt: ready to send")).toBeAttached();
    await ana.clickAction("Please ask", "Reply");
    await ana.send("Here they are: https://example.org/b");
    await expect(ana.page.getByRole("link", { name: "Download notes.txt" })).toBeVisible();
    expect(await axeViolations(ana.page)).toEqual([]);
  });
}
