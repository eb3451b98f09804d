// The operator's page where something is wrong: with the service, the token, the address, or what the browser has kept.

import { bury, lookIn, scene } from "./world.ts";
import { expect, service, test, tokenOf } from "../world.ts";

const KEPT = "wasgo-chat.operator";

test("a letter that could not be tried again is said to be so, and the next attempt may do", async ({ browser }) => {
  bury((await scene()).id);
  const page = await lookIn(browser, "#/failed-deliveries");
  const refuse = { status: 500, json: { code: "internal_error", detail: "Something went wrong here" } };
  await page.route("**/retry/", (route) => route.fulfill(refuse));
  await page.getByRole("button", { name: "Retry the delivery to cy" }).click();
  await expect(page.getByRole("alert")).toContainText("Retry failed: Something went wrong here");
  await page.getByRole("button", { name: "Retry all 2" }).click();
  await expect(page.getByRole("alert")).toContainText("Retry failed");
  await page.unroute("**/retry/");
  await page.getByRole("button", { name: "Retry all 2" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Retrying 2 deliveries." })).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a token that is refused signs out and says so, and signing in goes on where one was", async ({ browser }) => {
  const { id, title } = await scene();
  const page = await lookIn(browser, `#/conversations/${id}`);
  await page.evaluate((key) => {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}") as { token: string };
    const [head, claims] = kept.token.split(".");
    sessionStorage.setItem(key, JSON.stringify({ ...kept, token: `${head}.${claims}.c3R1ZmY` }));
  }, KEPT);
  await page.reload();
  await expect(page.getByRole("alert")).toContainText("Your session has expired");
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await page.getByLabel("Staff access token").fill(await tokenOf("sam"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
});

for (const kept of ["{", "null", '{"token":"none"}', "[]"]) {
  test(`what is kept and is no operator asks again who looks in: ${kept}`, async ({ page }) => {
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.addInitScript(([key, value]) => sessionStorage.setItem(key, value), [KEPT, kept] as const);
    await page.goto(`${service.url}/operator`);
    await expect(page.getByRole("heading", { name: "Operator sign-in" })).toBeVisible();
    expect(errors).toEqual([]);
  });
}

test("where nothing may be kept one can look in all the same", async ({ browser }) => {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } });
  });
  await page.goto(`${service.url}/operator`);
  await page.getByRole("button", { name: "Continue as Sam Ortiz" }).click();
  await expect(page.locator(".row").first()).toBeVisible();
});

test("an address that was cut off shows the list", async ({ browser }) => {
  const page = await lookIn(browser, "#/conversations/%E0%A4%A");
  await expect(page.locator(".row").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: "Choose a conversation" })).toBeVisible();
});
