// Test data for the operator page: an edited message with read receipts, a member who left, and dead deliveries.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, type Page, expect } from "@playwright/test";
import { callApi, createJobConversation, sendMessage, service, tokenOf } from "../fixtures.ts";

const PYTHON = fileURLToPath(new URL("../../../.venv/bin/python", import.meta.url));

// `wasgo-chat dev` has no delivery channels, so dead deliveries are inserted directly; a retried one stays pending.
const INSERT_DEAD_DELIVERIES = `
import asyncio, sys
from pathlib import Path
import asyncpg
from wasgo_chat.development.embedded import Postgres
async def insert(data, conversation):
    url = Postgres(Path(data) / "postgres").url().replace("postgresql+asyncpg", "postgresql")
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM deliveries")
    for user, channel, error in (("bo", "email", "smtp_550"), ("mia", "email", "smtp_550"), ("cy", "webhook", "http_410")):
        await connection.execute(
            "INSERT INTO deliveries (id, user_id, conversation_id, channel, first_number, last_number, state, attempts,"
            " due_at, error, settled_at) VALUES (gen_random_uuid(), $1, $2, $3, 1, 1, 'dead', 3, now(), $4, now())",
            user, conversation, channel, error)
    await connection.close()
asyncio.run(insert(*sys.argv[1:]))
`;

export interface EditedConversation {
  readonly id: string;
  readonly title: string;
  readonly message: string;
}

/** A conversation with a unique title: ana edited a message twice, bo read it, cy has left. */
export async function createEditedConversation(options: { title: string; reference?: string } = { title: `Fence ${process.pid}-${Date.now()}` }): Promise<EditedConversation> {
  const members = [
    { user_id: "ana", role: "admin" },
    { user_id: "bo", role: "participant" },
    { user_id: "cy", role: "observer" },
  ] as const;
  const { id, title } = await createJobConversation(members, options);
  const message = await sendMessage("ana", id, "Could you paint the fence on Friday at nine?");
  const token = await tokenOf("ana");
  const edit = (content: string) => callApi("POST", `/chat/messages/${message}/edit/`, token, { content });
  await edit("Could you paint the whole fence on Friday at nine?");
  await edit("Could you paint the whole fence on Monday at ten?");
  await callApi("POST", `/chat/messages/${message}/mark_read/`, await tokenOf("bo"), {});
  await sendMessage("bo", id, "Monday works.");
  const deleted = await sendMessage("bo", id, "Please keep this private.");
  await callApi("POST", `/chat/messages/${deleted}/delete/`, await tokenOf("bo"), {});
  await fetch(`${service.url}/chat/conversations/${id}/remove_participant/`, {
    method: "POST",
    headers: { Authorization: `Bearer ${await tokenOf("cy")}`, "Content-Type": "application/json" },
    body: JSON.stringify({ user_id: "cy" }),
  });
  return { id, title, message };
}

export function insertDeadDeliveries(conversation: string): void {
  execFileSync(PYTHON, ["-c", INSERT_DEAD_DELIVERIES, service.data, conversation]);
}

/** Opens the operator page, signed in as the staff user Sam. */
export async function openOperatorPage(browser: Browser, hash = "", options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", (error) => expect.soft(error, "uncaught error on the page").toBeUndefined());
  await page.goto(`${service.url}/operator${hash}`);
  await page.getByRole("button", { name: "Continue as Sam Ortiz" }).click();
  await expect(page.getByRole("navigation", { name: "Sections" })).toBeVisible();
  return page;
}
