"""A worker process that is stopped for a while: delayed frames arrive complete and in order."""

import asyncio
import os
import signal
from pathlib import Path

from tests.server.worlds import world_of
from tests.support.processes import serving
from tests.support.workers import Worker
from tests.support.world import SocketClient

MESSAGES = 30
STILL_S = 3.0
"""Longer than the timeouts for the database (1 s) and Redis (2 s), shorter than the supervisor's (6 s)."""


async def heard(live: SocketClient, count: int) -> list[str]:
    return [(await live.wait_for("new_message"))["message"]["content"] for _ in range(count)]


async def test_sockets_of_a_stopped_worker_miss_nothing(database: str, worker: Worker, tmp_path: Path) -> None:
    async with (
        serving(database, tmp_path / "one", workers=1) as one,
        serving(database, tmp_path / "two", workers=1) as two,
    ):
        world = world_of(one, worker)
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        (stopped,) = two.workers()
        async with ana.connect(chat) as near, bo.connect(chat, two) as far:
            os.kill(stopped, signal.SIGSTOP)
            try:
                await far.send("send_message", content="from there")
                for number in range(MESSAGES):
                    await ana.send(chat, str(number))
                assert await heard(near, MESSAGES) == [str(number) for number in range(MESSAGES)]
                await asyncio.sleep(STILL_S)
            finally:
                os.kill(stopped, signal.SIGCONT)
            assert await heard(near, 1) == ["from there"]
            assert await heard(far, MESSAGES + 1) == [*(str(number) for number in range(MESSAGES)), "from there"]
        assert two.workers() == [stopped]
        await world.close()
