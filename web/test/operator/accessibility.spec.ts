// axe reports no violations on the operator page, in both themes and at both widths.

import { axeViolations } from "../axe.ts";
import { insertDeadDeliveries, openOperatorPage, createEditedConversation } from "./fixtures.ts";
import { expect, test } from "../fixtures.ts";

for (const colorScheme of ["light", "dark"] as const) {
  for (const [name, width] of [["desktop", 1440], ["phone", 390]] as const) {
    test(`axe reports no violations on the operator page: ${colorScheme}, ${name}`, async ({ browser }) => {
      const { id, message } = await createEditedConversation();
      insertDeadDeliveries(id);
      const options = { colorScheme, viewport: { width, height: 900 }, reducedMotion: "reduce" } as const;
      const page = await openOperatorPage(browser, "", options);
      const checkAxe = async (view: string) => expect.soft(await axeViolations(page), view).toEqual([]);
      const navigate = (hash: string) => page.evaluate((to) => (location.hash = to), hash);
      await expect(page.locator(".row").first()).toBeVisible();
      await page.getByRole("button", { name: "Filters" }).click();
      await checkAxe("the list");
      await navigate(`#/conversations/${id}`);
      await expect(page.locator(".message").first()).toBeVisible();
      await checkAxe("messages");
      await navigate(`#/conversations/${id}/messages/${message}`);
      await expect(page.locator("ins").first()).toBeVisible();
      await checkAxe("a message");
      await navigate(`#/conversations/${id}/members`);
      await expect(page.locator(".members li").first()).toBeVisible();
      await checkAxe("members");
      await navigate("#/failed-deliveries");
      await expect(page.locator(".delivery").first()).toBeVisible();
      await checkAxe("failed deliveries");
      await navigate("#/metrics");
      await expect(page.locator(".spark .area").first()).toBeVisible();
      await checkAxe("metrics");
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect(page.getByRole("button", { name: "Continue as Sam Ortiz" })).toBeVisible();
      await checkAxe("signing in");
    });
  }
}
