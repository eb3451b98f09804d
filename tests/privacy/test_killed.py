"""An erasure whose worker is killed half-way is finished by the next."""

import asyncio
import os
from pathlib import Path

import asyncpg
import httpx

from tests.support.processes import serving
from tests.support.servers import TEMPLATE, create_database, database_url
from wasgo_chat.identity.tokens import SCOPES, mint_service

MESSAGES = 1_500
WRITE = """
WITH raised AS (UPDATE conversations SET last_seq = last_seq + $2, message_count = message_count + $2
                WHERE id = $1 RETURNING id, last_seq - $2 AS seq, message_count - $2 AS number),
     said AS (INSERT INTO messages (conversation_id, id, seq, number, sender_id, message_type,
                                    content, created_at)
              SELECT r.id, uuidv7(), r.seq + n, r.number + n, 'ana-of-the-kill', 'text',
                     'words-of-the-kill ' || n, now()
              FROM raised r, generate_series(1, $2) AS n RETURNING conversation_id, seq, id)
INSERT INTO events (conversation_id, seq, type, actor_id, message_id, revision, created_at)
SELECT conversation_id, seq, 'new_message', 'ana-of-the-kill', id, 1, now() FROM said
"""
DONE = "SELECT messages FROM erasures"
LEFT = """
SELECT (SELECT count(*) FROM messages WHERE content IS NOT NULL) + (SELECT count(*) FROM events
        WHERE actor_id = 'ana-of-the-kill') + (SELECT count(*) FROM users WHERE id = 'ana-of-the-kill')
"""


async def test_an_erasure_whose_worker_is_killed_continues_at_the_next_start(tmp_path: Path) -> None:
    name = f"chat_kill_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    await create_database(database_url("postgres"), name, TEMPLATE)
    connection = await asyncpg.connect(database_url(name))
    settings = {"ERASURE_SETTLE_S": "0", "STORAGE_DIR": str(tmp_path / "files")}
    async with serving(name, tmp_path / "log", workers=1, **settings) as served:
        bearer = mint_service(served.settings, "platform", list(SCOPES), ttl_s=600)
        async with httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {bearer}"}) as client:
            body = {"participants": [{"user_id": "ana-of-the-kill"}, {"user_id": "bo"}]}
            chat = (await client.put("/jobs/kill/conversation/", json=body)).json()
            await connection.execute(WRITE, chat["id"], MESSAGES)
            assert (await client.delete("/chat/users/ana-of-the-kill/")).status_code == 202
        async with asyncio.timeout(60):
            while await connection.fetchval(DONE) < MESSAGES // 3:  # noqa: ASYNC110  polling
                await asyncio.sleep(0.002)
        served.process.kill()
    assert await connection.fetchval(DONE) < MESSAGES, "it finished before the kill"
    async with serving(name, tmp_path / "log", workers=1, **settings):
        async with asyncio.timeout(60):
            while await connection.fetchval("SELECT state FROM erasures") != "done":  # noqa: ASYNC110  polling
                await asyncio.sleep(0.05)
    assert await connection.fetchval(DONE) == MESSAGES
    assert await connection.fetchval(LEFT) == 0
    seqs = [row["seq"] for row in await connection.fetch("SELECT seq FROM events ORDER BY seq")]
    # Two events for each message, sent and deleted, and one for the removal in between.
    assert seqs == list(range(1, 2 * MESSAGES + 2))
    await connection.close()
