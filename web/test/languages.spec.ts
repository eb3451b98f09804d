// Languages: their texts and formats, and the right-to-left layout, in which everything is mirrored and nothing overflows.

import { callApi, waitForAnimations, expect, createJobConversation, sendMessage, openChat, test, tokenOf } from "./fixtures.ts";

for (const [name, width] of [["desktop", 1280], ["phone", 390]] as const) {
  test(`right to left: ${name}`, async ({ browser }) => {
    const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
    await sendMessage("bo", id, "مرحبا، متى يمكنك البدء؟");
    await sendMessage("ana", id, "On Friday.");
    const ana = await openChat(browser, "ana", id, { viewport: { width, height: 800 }, reducedMotion: "reduce" });
    await ana.page.evaluate(() => (document.documentElement.dir = "rtl"));
    await expect(ana.message("On Friday.")).toBeVisible();
    const log = await ana.page.getByRole("log").boundingBox();
    const own = await ana.message("On Friday.").locator(".bubble").boundingBox();
    const theirs = await ana.message("مرحبا").locator(".bubble").boundingBox();
    if (!log || !own || !theirs) throw new Error("an element is not visible");
    expect(own.x - log.x).toBeLessThan(log.width / 4);
    expect(theirs.x + theirs.width).toBeGreaterThan(log.x + (log.width * 3) / 4);
    expect(await ana.message("مرحبا").locator(".message-text").evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
    expect(await ana.message("On Friday.").locator(".message-text").evaluate((element) => getComputedStyle(element).direction)).toBe("ltr");
    const overflow = () => ana.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await ana.page.getByRole("button", { name: "Details" }).click();
    expect(await overflow()).toBe(0);
    await ana.page.evaluate(() => (location.hash = "#ana"));
    const more = ana.page.getByRole("button", { name: "More", exact: true });
    await more.click();
    await waitForAnimations(ana.page);
    const [button, menu] = [await more.boundingBox(), await ana.page.getByRole("menu").boundingBox()];
    expect(menu?.x).toBeCloseTo(Math.max(8, button?.x ?? 0), 0);
    expect(await overflow()).toBe(0);
  });
}

test("the page is in the language of the browser, and times in its locale", async ({ browser }) => {
  const { id } = await createJobConversation([{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }]);
  await callApi("POST", `/chat/conversations/${id}/add_participant/`, await tokenOf("ana"), { user_id: "cy" });
  await sendMessage("bo", id, "Hallo");
  const german = await openChat(browser, "cy", id, { locale: "de-AT" });
  await expect(german.page.locator("html")).toHaveAttribute("lang", "de-AT");
  await expect(german.page.getByText("Cy Okafor ist beigetreten")).toBeVisible();
  await expect(german.page.getByRole("textbox", { name: /^Schreiben an/ })).toBeVisible();
  const american = await openChat(browser, "ana", id, { locale: "en-US" });
  await expect(american.message("Hallo").locator("time")).toHaveText(/^\d?\d:\d\d\s[AP]M$/);
});
