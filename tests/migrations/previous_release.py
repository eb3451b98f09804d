"""`make test-upgrade`: the code of the release before serves on the schema of this one.

It starts on the new schema, as after a rollback or when a worker dies while the new release is rolled out, and people
talk through it, by HTTP and on a socket. It runs with the libraries of this checkout.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import connect

from tests.support.previous_release import HistoryUnavailable, extract, previous_release_commit
from wasgo_chat.data_import import invariants
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database
from wasgo_chat.development.embedded import Postgres, free_port
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

SECRET = "a-secret-of-the-tests-that-is-long-enough"
START_S = 60.0
COMMAND = "from wasgo_chat.cli import main; main()"
WHERE = "import wasgo_chat; print(wasgo_chat.__file__)"


def main() -> int:
    try:
        commit, why = previous_release_commit()
    except HistoryUnavailable as error:
        sys.stderr.write(f"NOT CHECKED: {error}.\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder) / "old"
        extract(commit, old)
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        try:
            settings = Settings(database_url=postgres.url(), jwt_secret=SECRET)
            migrations.upgrade(settings.database_url)
            asyncio.run(talk_through(old, postgres.url(), settings))
        finally:
            postgres.stop(immediately=True)
    sys.stdout.write(f"The code of {commit[:12]} ({why}) serves on the schema of this one.\n")
    return 0


async def talk_through(old: Path, url: str, settings: Settings) -> None:
    async with served(old, url) as port:
        ana, bo = (mint_user(settings, name, ttl_s=600) for name in ("ana", "bo"))
        async with caller(port, ana) as of_ana, caller(port, bo) as of_bo:
            await talk(of_ana, of_bo, port, bo)
    db = Database(settings)
    broken = await invariants.check_invariants(db)
    await db.close()
    assert not broken, broken


async def talk(ana: httpx.AsyncClient, bo: httpx.AsyncClient, port: int, bearer: str) -> None:
    body = {"conversation_type": "direct", "participant_ids": ["bo"]}
    chat = (await ok(ana.post("/chat/conversations/", json=body)))["id"]
    sent = [await say(ana, chat, f"m{n}") for n in range(3)]
    await say(bo, chat, "an answer", reply_to=sent[0]["id"])
    await ok(bo.post(f"/chat/messages/{sent[0]['id']}/react/", json={"emoji": "👍"}))
    await ok(ana.post(f"/chat/messages/{sent[1]['id']}/edit/", json={"content": "again"}))
    await ok(ana.post(f"/chat/messages/{sent[2]['id']}/delete/"))
    assert (await ok(bo.get("/chat/conversations/")))["results"][0]["unread_count"] == 2
    assert (await ok(bo.post(f"/chat/conversations/{chat}/mark_read/")))["unread_count"] == 0
    page = await ok(bo.get("/chat/messages/", params={"conversation": chat}))
    assert [one["seq"] for one in page["results"]] == [4, 3, 2, 1]
    address = f"ws://127.0.0.1:{port}/ws/chat/{chat}/?after_seq=0"
    async with connect(address, additional_headers={"Authorization": f"Bearer {bearer}"}) as socket:
        async with asyncio.timeout(20):
            assert json.loads(await socket.recv())["last_seq"] == 7
            assert [json.loads(await socket.recv())["seq"] for _ in range(7)] == [1, 2, 3, 4, 5, 6, 7]
            await socket.send(json.dumps({"type": "send_message", "ref": "r", "content": "live"}))
            frames = [json.loads(await socket.recv()) for _ in range(2)]
            assert {frame["type"] for frame in frames} == {"ack", "new_message"}
    assert (await ok(ana.get("/readyz")))["status"] == "ready"


async def say(who: httpx.AsyncClient, chat: str, content: str, **more: Any) -> Any:
    return await ok(who.post("/chat/messages/", json={"conversation": chat, "content": content, **more}))


async def ok(request: Any) -> Any:
    answer = await request
    assert answer.is_success, answer.text
    return answer.json()


def caller(port: int, bearer: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {bearer}"})


@asynccontextmanager
async def served(old: Path, url: str) -> AsyncIterator[int]:
    """The `serve` of the old code, ready on a port."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    ours = {"DATABASE_URL": url, "JWT_SECRET": SECRET, "LOG_LEVEL": "WARNING"}
    env = {**kept, "PYTHONPATH": str(old / "src"), **{f"WASGO_CHAT_{name}": value for name, value in ours.items()}}
    looked = await asyncio.create_subprocess_exec(sys.executable, "-c", WHERE, cwd=old, env=env, stdout=subprocess.PIPE)
    where, _ = await looked.communicate()
    assert where.decode().startswith(str(old)), "the code of this checkout was loaded in place of the old one"
    command = [sys.executable, "-c", COMMAND, "serve", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(*command, cwd=old, env=env)
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(START_S):
            while True:
                assert process.returncode is None, "the old code does not start on this schema"
                try:
                    if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        yield port
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    sys.exit(main())
