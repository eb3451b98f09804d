// The composer keeps drafts until they are sent, and reports why a message cannot be sent.

import { callApi, expect, createJobConversation, sendMessage, openChat, test, tokenOf } from "./fixtures.ts";

const BOTH = [{ user_id: "ana", role: "admin" }, { user_id: "bo", role: "participant" }] as const;
const textFile = (name: string, content = "a note") => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

test("drafts are kept by conversation and over a reload, and shown in the list", async ({ browser }) => {
  const [one, other] = [await createJobConversation(BOTH), await createJobConversation(BOTH)];
  for (const { id } of [one, other]) await sendMessage("bo", id, "hello");
  const ana = await openChat(browser, "ana", one.id);
  const row = (title: string) => ana.page.getByRole("navigation").getByRole("button", { name: title });
  await ana.field.fill("not yet sent");
  await row(other.title).click();
  await expect(ana.field).toHaveValue("");
  await expect(row(one.title)).toContainText("Draft: not yet sent");
  await ana.page.reload();
  await expect(row(one.title)).toContainText("Draft: not yet sent");
  await row(one.title).click();
  await expect(ana.field).toHaveValue("not yet sent");
  await ana.field.press("Enter");
  await expect(ana.message("not yet sent")).toBeVisible();
  await row(other.title).click();
  await expect(row(one.title)).not.toContainText("Draft");
});

test("attachments are kept while another conversation is open", async ({ browser }) => {
  const [one, other] = [await createJobConversation(BOTH), await createJobConversation(BOTH)];
  for (const { id } of [one, other]) await sendMessage("bo", id, "hello");
  const ana = await openChat(browser, "ana", one.id);
  const row = (title: string) => ana.page.getByRole("navigation").getByRole("button", { name: title });
  await ana.page.locator("input[type=file]").setInputFiles([textFile("kept.txt")]);
  await row(other.title).click();
  await expect(ana.page.getByRole("list", { name: "Attachments" })).toHaveCount(0);
  await row(one.title).click();
  await expect(ana.page.getByText("kept.txt: ready to send")).toBeAttached();
  await ana.page.getByRole("button", { name: "Send" }).click();
  await expect(ana.page.getByRole("link", { name: "Download kept.txt" })).toBeVisible();
});

test("failed uploads do not block editing, and block sending with a reason", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  await sendMessage("ana", id, "first words");
  const ana = await openChat(browser, "ana", id);
  await ana.page.locator("input[type=file]").setInputFiles([textFile("nothing.txt", "")]);
  await expect(ana.page.getByText("A file failed to upload. Retry or remove it to send.")).toBeVisible();
  await ana.field.fill("with a file");
  await expect(ana.page.getByRole("button", { name: "Send" })).toBeDisabled();
  await ana.clickAction("first words", "Edit");
  await ana.field.fill("second words");
  await ana.field.press("Enter");
  await expect(ana.message("second words")).toContainText("edited");
  await expect(ana.field).toHaveValue("with a file");
  await ana.page.getByRole("button", { name: "Remove nothing.txt" }).click();
  await ana.page.getByRole("button", { name: "Send" }).click();
  await expect(ana.message("with a file")).toBeVisible();
});

test("files beyond the limit of ten are reported", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page } = await openChat(browser, "ana", id);
  await page.locator("input[type=file]").setInputFiles(Array.from({ length: 11 }, (_, at) => textFile(`${at}.txt`)));
  await expect(page.getByRole("status").filter({ hasText: "up to 10 files" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Attachments" }).getByRole("listitem")).toHaveCount(10);
});

test("the remaining characters are shown near the limit, and a message over it is not sent", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page, field } = await openChat(browser, "ana", id);
  await field.fill("x".repeat(9_000));
  await expect(page.locator(".composer-note")).toBeEmpty();
  await field.fill("x".repeat(9_999));
  await expect(page.getByText("1 character left")).toBeVisible();
  await field.fill("x".repeat(10_002));
  await expect(page.getByText("2 characters over the limit")).toBeVisible();
  await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
  await field.press("Enter");
  await expect(field).toHaveValue("x".repeat(10_002));
});

test("the length limit is that of the service", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const { page, field } = await openChat(browser, "ana", id);
  await page.routeWebSocket(/\/ws\/chat\//, (here) => {
    const there = here.connectToServer();
    there.onMessage((frame) => here.send(String(frame).replaceAll(/"content_chars":\d+/g, '"content_chars":100')));
  });
  await page.reload();
  await expect(page.locator(".chat[data-status=live]")).toBeVisible();
  await field.fill("x".repeat(90));
  await expect(page.locator(".composer-note")).toBeEmpty();
  await field.fill("x".repeat(99));
  await expect(page.getByText("1 character left")).toBeVisible();
  await field.fill("x".repeat(101));
  await expect(page.getByText("1 character over the limit")).toBeVisible();
  await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
});

test("typing a long message keeps the thread at its end, and the field grows to a limit", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  for (let at = 0; at < 20; at++) await sendMessage("ana", id, `number ${at}\nof many`);
  const ana = await openChat(browser, "ana", id);
  const { page, field } = ana;
  const jump = page.getByRole("button", { name: /^Jump to the newest/ });
  const height = () => field.evaluate((element) => element.clientHeight);
  const empty = await height();
  for (let line = 0; line < 12; line++) {
    await field.pressSequentially(`line ${line}`);
    await field.press("Shift+Enter");
    await expect(jump).toBeHidden();
  }
  expect(await height()).toBeGreaterThan(4 * empty);
  expect(await height()).toBeLessThan(200);
  await sendMessage("bo", id, "while you write");
  await expect(ana.message("while you write")).toBeInViewport();
  await expect(page.getByRole("navigation").getByRole("button", { name: "while you write" })).not.toContainText("unread");
  await field.fill("");
  expect(await height()).toBe(empty);
});

test("a member is mentioned by choosing them", async ({ browser }) => {
  const { id } = await createJobConversation([...BOTH, { user_id: "cy", role: "observer" }]);
  const ana = await openChat(browser, "ana", id);
  await ana.field.pressSequentially("Please ask @");
  const options = ana.page.getByRole("listbox", { name: "Members to mention" }).getByRole("option");
  await expect(options).toHaveText([/Bo Chen/, /Cy Okafor/]);
  await ana.field.pressSequentially("oka");
  await expect(options).toHaveText([/Cy Okafor/]);
  await ana.field.press("Enter");
  await expect(ana.field).toHaveValue("Please ask @Cy Okafor ");
  await expect(options).toHaveCount(0);
  await ana.field.pressSequentially("or @");
  await ana.field.press("ArrowDown");
  await ana.field.press("ArrowUp");
  await ana.field.press("Tab");
  await expect(ana.field).toHaveValue("Please ask @Cy Okafor or @Bo Chen ");
  await ana.field.pressSequentially("@");
  await ana.field.press("Escape");
  await expect(options).toHaveCount(0);
  await ana.field.press("Backspace");
  await ana.field.press("Enter");
  await expect(ana.message("Please ask").locator("mark")).toHaveText(["@Cy Okafor", "@Bo Chen"]);
  const { results } = await callApi<{ results: { mentions: string[] }[] }>("GET", `/chat/messages/?conversation=${id}`, await tokenOf("ana"));
  expect(results[0]?.mentions.toSorted()).toEqual(["bo", "cy"]);
});

test("every mention is highlighted, and the user's own differently", async ({ browser }) => {
  const { id } = await createJobConversation([...BOTH, { user_id: "cy", role: "observer" }]);
  const content = "@Ana Lima, ask @Cy Okafor; and once more @Cy Okafor";
  await callApi("POST", "/chat/messages/", await tokenOf("bo"), { conversation: id, content, mentions: ["ana", "cy"] });
  const ana = await openChat(browser, "ana", id);
  await expect(ana.message("ask").locator("mark")).toHaveText(["@Ana Lima", "@Cy Okafor", "@Cy Okafor"]);
  await expect(ana.message("ask").locator("mark[data-me=true]")).toHaveText(["@Ana Lima"]);
});

test("on touch devices Enter inserts a line break and the button sends", async ({ browser }) => {
  const { id } = await createJobConversation(BOTH);
  const ana = await openChat(browser, "ana", id, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await ana.field.fill("one");
  await ana.field.press("Enter");
  await ana.field.pressSequentially("two");
  await expect(ana.field).toHaveValue("one\ntwo");
  await ana.page.getByRole("button", { name: "Send" }).tap();
  await expect(ana.message("two")).toBeVisible();
});
