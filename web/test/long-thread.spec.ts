// Scrolls through ten thousand messages. The frame times are printed, not asserted.

import type { Page } from "@playwright/test";
import { expect, createJobConversation, openChat, test, tokenOf } from "./fixtures.ts";

const MESSAGE_COUNT = 10_000;

/** Sends all messages on one WebSocket, 300 in flight. */
async function sendMany(page: Page, id: string): Promise<void> {
  const args = { id, token: await tokenOf("bo"), many: MESSAGE_COUNT };
  await page.evaluate(async ({ id: conversation, token, many }) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws/chat/${conversation}/`, ["wasgo.chat.v1", `bearer.${token}`]);
    const send = (at: number) => socket.send(JSON.stringify({ type: "send_message", ref: `${at}`, content: `${at} ${"word ".repeat(1 + ((at * 7) % 40))}` }));
    let stored = 0;
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("close", () => reject(new Error("the socket was closed")));
      socket.addEventListener("message", ({ data }) => {
        const frame = JSON.parse(data) as { type: string };
        if (frame.type === "hello") for (let at = 0; at < 300; at++) send(at);
        if (frame.type !== "ack") return;
        stored++;
        if (stored + 299 < many) send(stored + 299);
        if (stored === many) resolve();
      });
    });
    socket.close();
  }, args);
}

test("ten thousand messages scroll", async ({ browser }) => {
  test.setTimeout(300_000);
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  const { page } = await openChat(browser, "ana");
  await sendMany(page, id);
  await page.evaluate((to) => (location.hash = `#ana/${to}`), id);
  const log = page.getByRole("log");
  await log.hover();
  // Scroll to the beginning, as fast as the pages of history load.
  await expect
    .poll(
      async () => {
        await log.evaluate((element) => (element.scrollTop = 0));
        return page.getByText("This is where the conversation begins.").count();
      },
      { timeout: 240_000, intervals: [20] },
    )
    .toBe(1);
  const drawn = await page.locator(".thread-row").count();
  expect(drawn).toBeLessThan(120);
  const frames = await log.evaluate(
    (element) =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        let before = performance.now();
        const step = (now: number) => {
          times.push(now - before);
          before = now;
          element.scrollTop += 120;
          if (times.length < 300) requestAnimationFrame(step);
          else resolve(times.slice(5));
        };
        requestAnimationFrame(step);
      }),
  );
  const sorted = frames.toSorted((one, other) => one - other);
  const mean = frames.reduce((sum, one) => sum + one, 0) / frames.length;
  const at = (part: number) => (sorted[Math.floor(part * sorted.length)] ?? 0).toFixed(1);
  console.log(`${MESSAGE_COUNT} messages, ${drawn} rows drawn: ${(1000 / mean).toFixed(1)} frames a second; p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(0.999)} ms`);
  await page.getByRole("button", { name: "Jump to the newest message" }).click();
  await expect(page.getByRole("article").last()).toContainText(`${MESSAGE_COUNT - 1} `);
});
