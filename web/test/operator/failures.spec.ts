// Failures on the operator page: of the service, the token, the URL, or the stored session.

import { insertDeadDeliveries, openOperatorPage, createEditedConversation } from "./fixtures.ts";
import { expect, service, test, tokenOf } from "../fixtures.ts";

const STORAGE_KEY = "wasgo-chat.operator";

test("a failed retry shows an error and can be repeated", async ({ browser }) => {
  insertDeadDeliveries((await createEditedConversation()).id);
  const page = await openOperatorPage(browser, "#/failed-deliveries");
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

test("a rejected token signs out with a reason, and signing in returns to the same page", async ({ browser }) => {
  const { id, title } = await createEditedConversation();
  const page = await openOperatorPage(browser, `#/conversations/${id}`);
  await page.evaluate((key) => {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "{}") as { token: string };
    const [head, claims] = kept.token.split(".");
    sessionStorage.setItem(key, JSON.stringify({ ...kept, token: `${head}.${claims}.c3R1ZmY` }));
  }, STORAGE_KEY);
  await page.reload();
  await expect(page.getByRole("alert")).toContainText("Your session has expired");
  await expect(page.getByRole("navigation")).toHaveCount(0);
  await page.getByLabel("Staff access token").fill(await tokenOf("sam"));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: title })).toBeVisible();
});

for (const stored of ["{", "null", '{"token":"none"}', "[]"]) {
  test(`an invalid stored session leads to the sign-in: ${stored}`, async ({ page }) => {
    const errors: Error[] = [];
    page.on("pageerror", (error) => errors.push(error));
    await page.addInitScript(([key, value]) => sessionStorage.setItem(key, value), [STORAGE_KEY, stored] as const);
    await page.goto(`${service.url}/operator`);
    await expect(page.getByRole("heading", { name: "Operator sign-in" })).toBeVisible();
    expect(errors).toEqual([]);
  });
}

test("signing in works without session storage", async ({ browser }) => {
  const page = await (await browser.newContext()).newPage();
  await page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", { get: () => { throw new DOMException("denied", "SecurityError"); } });
  });
  await page.goto(`${service.url}/operator`);
  await page.getByRole("button", { name: "Continue as Sam Ortiz" }).click();
  await expect(page.locator(".row").first()).toBeVisible();
});

test("a truncated URL shows the list", async ({ browser }) => {
  const page = await openOperatorPage(browser, "#/conversations/%E0%A4%A");
  await expect(page.locator(".row").first()).toBeVisible();
  await expect(page.getByRole("heading", { name: "Choose a conversation" })).toBeVisible();
});
