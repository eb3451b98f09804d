// Stored XSS: hostile texts, titles, names, file names, links and files of a user, shown to others in a real browser.
// The first test is a control: it writes one of the texts into the page as HTML, and must notice that.

import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { type Member, callApi, createJobConversation, expect, openChat, root, serviceToken, test, tokenOf, url } from "./fixtures.ts";
import { openOperatorPage } from "./operator/fixtures.ts";

const RUN = "window.injected=1;document.documentElement.dataset.injected=1";
const HOSTILE = [
  `<img data-injected src=x onerror="${RUN}">`,
  `<script data-injected>${RUN}</script>`,
  `"><svg data-injected onload="${RUN}">`,
  `'><iframe data-injected srcdoc="<script>parent.injected=1</script>"></iframe>`,
  `</textarea></title></style><a data-injected href="javascript:${RUN}">x</a>`,
  `<a data-injected onfocus="${RUN}" autofocus tabindex=1>x</a><style data-injected>*{display:none}</style>`,
  `[link](javascript:${RUN}) ![image](x"onerror="${RUN}) \`code\` **bold** {{constructor.constructor('${RUN}')()}}`,
];
const LINKS = [
  `javascript:${RUN}`,
  `JaVaScRiPt://example.org/%0a${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `https://example.org/"onmouseover="${RUN}`,
  `https://example.org/'><img data-injected src=x onerror=${RUN}>`,
  `vbscript:${RUN} file:///etc/passwd blob:https://example.org/x`,
];
const SHORT = HOSTILE.map((text) => text.slice(0, 190));

/** What a page shows of an injection: scripts that ran, elements, links that run scripts, dialogs, refusals by its CSP. */
interface Found {
  readonly ran: boolean;
  readonly elements: number;
  readonly links: string[];
  readonly refused: string[];
  readonly dialogs: number;
}
const NOTHING: Found = { ran: false, elements: 0, links: [], refused: [], dialogs: 0 };

/** Watches a page before it loads anything hostile. */
async function watch(page: Page): Promise<() => Promise<Found>> {
  let dialogs = 0;
  page.on("dialog", (dialog) => {
    dialogs++;
    void dialog.dismiss();
  });
  await page.evaluate(() => {
    const refused: string[] = [];
    (window as unknown as { refused: string[] }).refused = refused;
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
      if (violatedDirective !== "img-src") refused.push(`${violatedDirective} ${blockedURI}`); // avatars of other hosts are refused anyway
    });
  });
  return async () => {
    const found = await page.evaluate(() => ({
      ran: "injected" in window || document.documentElement.dataset.injected !== undefined,
      elements: document.querySelectorAll("body [data-injected], [onerror], [onload], [onmouseover], [onfocus], iframe").length,
      links: [...document.querySelectorAll("a[href]")].map((link) => (link as HTMLAnchorElement).href).filter((href) => !/^(https?|mailto|tel|blob):/.test(href)),
      refused: (window as unknown as { refused: string[] }).refused,
    }));
    return { ...found, dialogs };
  };
}

function hostileToken(): string {
  return execFileSync(`${root}.venv/bin/wasgo-chat`, ["token", "--user", "mallory"], { encoding: "utf8" }).trim();
}

/** Sends a message with files; their names are hostile. */
async function sendFiles(conversation: string, files: readonly (readonly [name: string, content: string])[]): Promise<{ url: string; filename: string }[]> {
  const form = new FormData();
  form.append("conversation", conversation);
  form.append("content", "files");
  for (const [name, content] of files) form.append("files", new Blob([content]), name);
  const response = await fetch(`${url}/chat/messages/`, { method: "POST", headers: { Authorization: `Bearer ${hostileToken()}` }, body: form });
  expect(response.status).toBe(201);
  return ((await response.json()) as { attachments: { url: string; filename: string }[] }).attachments;
}

const MEMBERS: Member[] = [
  { user_id: "ana", role: "admin" },
  { user_id: "mallory", role: "participant" },
];

test("control: HTML that is written into the page is noticed, with and without a CSP", async ({ browser }) => {
  const { id } = await createJobConversation(MEMBERS);
  for (const bypassCSP of [true, false]) {
    const { page } = await openChat(browser, "ana", id, { bypassCSP });
    const find = await watch(page);
    expect(await find()).toEqual(NOTHING);
    await page.evaluate((html) => document.body.insertAdjacentHTML("beforeend", html), HOSTILE[0] ?? "");
    await expect.poll(async () => (await find()).elements).toBeGreaterThan(0);
    await expect.poll(async () => (await find()).ran).toBe(bypassCSP);
    if (!bypassCSP) expect((await find()).refused.join()).toContain("script-src");
    await page.evaluate((href) => document.body.insertAdjacentHTML("beforeend", `<a href="${href}">x</a>`), "javascript:void 0");
    expect((await find()).links).toEqual(["javascript:void 0"]);
  }
});

test("hostile texts, titles, names, file names and links of a user are only text to others", async ({ browser }) => {
  const token = hostileToken();
  const name = SHORT[0] ?? "";
  await callApi("PUT", "/chat/users/mallory/", serviceToken(), { username: "mallory", display_name: name, avatar_url: `https://127.0.0.1:9/"onerror="${RUN}` });
  const { id } = await createJobConversation(MEMBERS, { title: SHORT[2] });
  const { page } = await openChat(browser, "ana", id);
  const find = await watch(page);
  let replied: string | undefined;
  for (const content of [...HOSTILE, ...LINKS]) {
    const sent = await callApi<{ id: string }>("POST", "/chat/messages/", token, { conversation: id, content, ...(replied ? { reply_to: replied } : {}) });
    replied = sent.id;
    await callApi("POST", `/chat/messages/${sent.id}/react/`, token, { emoji: "👍" });
    await expect(page.locator(".message-text", { hasText: content.slice(0, 40) }).last()).toBeAttached();
  }
  const location = { lat: 48.2, lng: 16.37, label: name };
  await callApi("POST", "/chat/messages/", token, { conversation: id, content: "", message_type: "location", metadata: { location } });
  await sendFiles(id, SHORT.map((text) => [text, "content"] as const));
  await expect(page.locator(".message").filter({ hasText: "files" }).first()).toBeVisible();
  await expect(page.getByText(SHORT[2] ?? "", { exact: false }).first()).toBeAttached();
  expect(await find()).toEqual(NOTHING);
  // The same content, loaded with the page.
  await page.reload();
  await expect(page.locator(".chat[data-status=live]")).toBeVisible();
  await expect(page.locator(".message").first()).toBeVisible();
  const findAgain = await watch(page);
  await page.mouse.move(400, 400);
  await page.mouse.move(700, 300);
  expect(await findAgain()).toEqual(NOTHING);
});

test("hostile content is only text to operators", async ({ browser }) => {
  const { id } = await createJobConversation(MEMBERS, { title: SHORT[5] });
  for (const content of HOSTILE) await callApi("POST", "/chat/messages/", hostileToken(), { conversation: id, content });
  const page = await openOperatorPage(browser, "");
  const find = await watch(page);
  for (const hash of ["#/", `#/conversations/${id}`, `#/conversations/${id}/members`]) {
    await page.evaluate((to) => (location.hash = to), hash);
    await expect(page.getByText("data-injected").first()).toBeAttached();
    expect(await find(), hash).toEqual(NOTHING);
  }
});

test("hostile files do not run when their links are opened", async ({ browser }) => {
  const { id } = await createJobConversation(MEMBERS);
  const script = `<script>${RUN};opener && (opener.injected=1);fetch("/chat/conversations/")</script>`;
  const files = await sendFiles(id, [
    ["page.html", `<!doctype html><html><body>${script}</body></html>`],
    ["image.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}">${script}</svg>`],
    ["page.xhtml", `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">${script}</html>`],
    ["a.txt", `${script}`],
    ["a.pdf.html", `%PDF-1.4\n${script}`],
  ]);
  const context = await browser.newContext();
  const page = await context.newPage();
  // A control: the same file, served as a page, runs.
  await page.route("**/control", (route) => route.fulfill({ contentType: "text/html", body: script }));
  await page.goto(`${url}/control`);
  expect(await page.evaluate(() => "injected" in window)).toBe(true);
  for (const file of files) {
    await page.goto(`${url}/demo/users/`);
    const download = page.waitForEvent("download", { timeout: 5_000 }).then(() => "download", () => "shown");
    await page.goto(new URL(file.url, url).href).catch(() => undefined); // a download ends the navigation
    const ran = await page.evaluate(() => "injected" in window || document.documentElement.dataset.injected !== undefined);
    expect(ran, file.filename).toBe(false);
    expect(await download, file.filename).toBe("download");
  }
  await context.close();
});

test("the token of another user is not in reach of a hostile page", async ({ browser }) => {
  // A page of another origin cannot read responses, and a frame of the service cannot be embedded.
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("https://hostile.example/", (route) => route.fulfill({ contentType: "text/html", body: `<iframe src="${url}/"></iframe>` }));
  await page.goto("https://hostile.example/");
  const token = await tokenOf("ana");
  const read = await page.evaluate(
    ([to, bearer]) => fetch(to as string, { headers: { Authorization: `Bearer ${bearer}` } }).then((response) => response.status, () => "refused"),
    [`${url}/chat/conversations/`, token],
  );
  expect(read).toBe("refused");
  const frame = page.frames()[1];
  expect(frame?.url()).not.toContain(url);
  await context.close();
});
