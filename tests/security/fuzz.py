"""`make fuzz MINUTES=…`: a real service in a process of its own, and fuzzers against it until the time is over.

Reports how many requests and responses there were. Stops at the first violation and prints the input that caused it.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx

from tests.security.fuzz_frames import FrameFuzzer
from tests.security.fuzz_http import UNLIMITED, HttpFuzzer
from tests.support.processes import ServeProcess, serving
from tests.support.servers import TestServers, create_database, database_url
from tests.support.workers import SECRET
from wasgo_chat.identity.tokens import SCOPES, mint_service
from wasgo_chat.settings.config import Settings

AT_ONCE = 800
CONNECTIONS = 6


async def conversation(settings: Settings, url: str, user: str) -> str:
    """A job conversation with a user in it."""
    headers = {"Authorization": f"Bearer {mint_service(settings, 'fuzz', list(SCOPES), ttl_s=600)}"}
    body = {"participants": [{"user_id": user, "role": "admin"}]}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        made = await client.put(f"/jobs/{uuid4().hex}/conversation/", json=body)
        return str(made.json()["id"])


async def _fuzz(service: ServeProcess, minutes: float, seed: int) -> None:
    settings = Settings(jwt_secret=SECRET)
    until, begun = time.monotonic() + minutes * 60, time.monotonic()
    statuses: Counter[int] = Counter()
    said: Counter[str] = Counter()
    ends: Counter[int] = Counter()
    frames = 0
    while time.monotonic() < until:
        over_http = [HttpFuzzer(settings, service.port, seed + n) for n in range(CONNECTIONS)]
        over_socket = []
        for n in range(CONNECTIONS):
            user = f"user-{uuid4().hex}"
            chat = await conversation(settings, service.url, user)
            over_socket.append(FrameFuzzer(settings, service.port, seed + n, chat, user))
        await asyncio.gather(*(one.run(AT_ONCE) for one in over_http), *(one.run(AT_ONCE) for one in over_socket))
        statuses += sum((one.counts for one in over_http), Counter())
        said += sum((one.counts for one in over_socket), Counter())
        ends += sum((one.ends for one in over_socket), Counter())
        frames += sum(one.sent for one in over_socket)
        seed += CONNECTIONS
    took = time.monotonic() - begun
    lines = [f"{statuses.total()} requests and {frames} frames in {took:.0f} s, up to seed {seed}"]
    for name, counts in (("statuses", statuses), ("frames back", said), ("ends of sockets", ends)):
        lines.append(f"  {name}: " + ", ".join(f"{key} {count}" for key, count in sorted(counts.items(), key=str)))
    sys.stdout.write("\n".join([*lines, ""]))


async def _main(minutes: float, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        await create_database(database_url("postgres"), "fuzz", "chat_template")
        log = Path(folder) / "log"
        changes = {"STORAGE_DIR": folder, "LOG_LEVEL": "ERROR", **{name.upper(): "0" for name in UNLIMITED}}
        async with serving("fuzz", log, workers=1, **changes) as service:
            await _fuzz(service, minutes, seed)
        if log.stat().st_size:
            sys.exit("The service complained:\n" + log.read_text(errors="replace")[:20_000])


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--minutes", type=float, default=1.0)
    arguments.add_argument("--seed", type=int, default=int(time.time()))
    given = arguments.parse_args()
    servers = TestServers()
    servers.start()
    try:
        asyncio.run(_main(given.minutes, given.seed))
    finally:
        servers.stop()
