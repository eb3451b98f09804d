// What the tests of the operator's page find there: an edited message with receipts, a member who left, dead letters.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, type Page, expect } from "@playwright/test";
import { call, job, say, service, tokenOf } from "../world.ts";

const PYTHON = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));

// No channel is set up in `dev`, so letters die here by hand; trying one again leaves it on its way.
const BURY = `
import asyncio, sys
from pathlib import Path
import asyncpg
from wasgo_chat.development.embedded import Postgres
async def bury(data, conversation):
    url = Postgres(Path(data) / "postgres").url().replace("postgresql+asyncpg", "postgresql")
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM deliveries")
    for user, channel, error in (("bo", "email", "smtp_550"), ("mia", "email", "smtp_550"), ("cy", "webhook", "http_410")):
        await connection.execute(
            "INSERT INTO deliveries (id, user_id, conversation_id, channel, first_number, last_number, state, attempts,"
            " due_at, error, settled_at) VALUES (gen_random_uuid(), $1, $2, $3, 1, 1, 'dead', 3, now(), $4, now())",
            user, conversation, channel, error)
    await connection.close()
asyncio.run(bury(*sys.argv[1:]))
`;

export interface Scene {
  readonly id: string;
  readonly title: string;
  readonly message: string;
}

/** Ana's message, written three times and read by bo; cy has left. What tests look for has a title of its own. */
export async function scene(as: { title: string; reference?: string } = { title: `Fence ${process.pid}-${Date.now()}` }): Promise<Scene> {
  const members = [
    { user_id: "ana", role: "admin" },
    { user_id: "bo", role: "participant" },
    { user_id: "cy", role: "observer" },
  ] as const;
  const { id, title } = await job(members, as);
  const message = await say("ana", id, "Could you paint the fence on Friday at nine?");
  const token = await tokenOf("ana");
  const edit = (content: string) => call("POST", `/chat/messages/${message}/edit/`, token, { content });
  await edit("Could you paint the whole fence on Friday at nine?");
  await edit("Could you paint the whole fence on Monday at ten?");
  await call("POST", `/chat/messages/${message}/mark_read/`, await tokenOf("bo"), {});
  await say("bo", id, "Monday works.");
  const gone = await say("bo", id, "Do not tell anybody.");
  await call("POST", `/chat/messages/${gone}/delete/`, await tokenOf("bo"), {});
  await fetch(`${service.url}/chat/conversations/${id}/remove_participant/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await tokenOf("cy")}`, "Content-Type": "application/json" },
    body: JSON.stringify({ user_id: "cy" }),
  });
  return { id, title, message };
}

export function bury(conversation: string): void {
  execFileSync(PYTHON, ["-c", BURY, service.data, conversation]);
}

/** Sam of the staff, signed in at the operator's page. */
export async function lookIn(browser: Browser, where = "", options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.soft(error, "an error on the page").toBeUndefined());
  await page.goto(`${service.url}/operator${where}`);
  await page.getByRole("button", { name: "Continue as Sam Ortiz" }).click();
  await expect(page.getByRole("navigation", { name: "Sections" })).toBeVisible();
  return page;
}
