"""A reconnect storm: many sockets dropped at once reconnect and catch up without a server error."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.server.reconnect_storm import Storm
from tests.server.worlds import world_of
from tests.support.processes import serving
from tests.support.workers import Worker
from tests.support.world import wait_until

USERS = 10


@pytest.mark.parametrize(
    "sockets", [150, pytest.param(500, marks=pytest.mark.long), pytest.param(5000, marks=pytest.mark.long)]
)
async def test_a_reconnect_storm_is_admitted_and_catches_up(
    database: str, worker: Worker, tmp_path: Path, sockets: int
) -> None:
    settings = {"MAX_SOCKETS_PER_USER": str(sockets), "RATE_CONNECTS_PER_MINUTE": "0"}
    async with serving(database, tmp_path / "log", workers=1, **settings) as served:
        world = world_of(served, worker)
        people = world.people(*(f"p{number}" for number in range(USERS)))
        chat = await world.job(admin=people[0], **{f"participant_{one.name}": one for one in people[1:]})
        await people[0].send(chat, "before")
        storm = Storm(f"{served.ws_url}/ws/chat/{chat['id']}/", [one.bearer or "" for one in people])
        living = await storm.run(sockets)
        first_s = await storm.all_have(1)
        (before,) = served.workers()
        os.kill(before, signal.SIGKILL)
        await wait_until(lambda: served.workers() not in ([before], []))
        await people[1].send(chat, "while they come back")
        back_s = await storm.all_have(2)
        peak = max(memory_peak(pid) for pid in served.workers())
        storm.is_over = True
        await people[2].send(chat, "after")
        await asyncio.gather(*living)
        await world.close()
    print(  # noqa: T201  the measurement is what the long run is for
        f"{sockets} sockets: open in {first_s:.1f} s, back in {back_s:.1f} s, {peak} MiB, {dict(storm.closes)}"
    )
    assert all(one[:2] == [1, 2] for one in storm.seen)
    assert not [answer for answer in storm.closes if answer.startswith("HTTP")]
    assert set(storm.closes) <= {"1006", "1013", "ConnectionResetError"}


def memory_peak(pid: int) -> int:
    """The peak resident memory of a process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024
