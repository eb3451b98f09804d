"""Disconnected after any frame, reconnected to the other worker with `after_seq`: nothing is lost or repeated."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.workers import Worker
from tests.support.world import Json, Person, SocketClient, World


@asynccontextmanager
async def following(
    person: Person, chat: Json, worker: Worker, after_seq: int, *, many: bool
) -> AsyncIterator[SocketClient]:
    """A socket of this conversation after its `hello`, or one for many that is subscribed to it."""
    if not many:
        async with person.connect(chat, worker, after_seq=after_seq) as live:
            yield live
        return
    async with person.connect(None, worker) as live:
        await live.send("subscribe", conversation_id=chat["id"], after_seq=after_seq)
        await live.receive("subscribed")
        yield live


async def durable(live: SocketClient, count: int) -> list[Json]:
    """The next events."""
    frames: list[Json] = []
    while len(frames) < count:
        frame = await live.next_frame()
        assert frame["type"] != "resync"
        if "seq" in frame:
            frames.append(frame)
    return frames


async def all_kinds(world: World, ana: Person, bo: Person) -> Json:
    """A conversation with an event of every type."""
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    for number in range(3):
        sent = await bo.send(chat, f"words {number}")
        await ana.ok("POST", f"/chat/messages/{sent['id']}/react/", {"emoji": "👍"})
        await bo.ok("POST", f"/chat/messages/{sent['id']}/edit/", {"content": f"better {number}"})
    await bo.ok("POST", f"/chat/messages/{sent['id']}/delete/")
    await ana.ok("PATCH", f"{path}/participants/{bo.id}/", {"role": "moderator"})
    await ana.ok("PATCH", f"{path}/", {"title": "Another"})
    return chat


@pytest.mark.parametrize("many", [False, True], ids=["one conversation", "many"])
async def test_disconnected_after_every_frame_of_a_replay(world: World, other_worker: Worker, many: bool) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await all_kinds(world, ana, bo)
    log = await ana.events(chat)
    workers = itertools.cycle([world.worker, other_worker])
    for position in range(len(log) + 1):
        async with following(ana, chat, next(workers), 0, many=many) as live:
            assert await durable(live, position) == log[:position]
            live.connection.transport.abort()
        async with following(ana, chat, next(workers), position, many=many) as live:
            assert await durable(live, len(log) - position) == log[position:]


@pytest.mark.parametrize("many", [False, True], ids=["one conversation", "many"])
async def test_disconnected_repeatedly_while_others_write(world: World, other_worker: Worker, many: bool) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)

    async def write() -> None:
        for number in range(40):
            await bo.send(chat, str(number))

    writing = asyncio.create_task(write())
    workers = itertools.cycle([world.worker, other_worker])
    lengths = itertools.cycle([1, 2, 3, 5])
    seen: list[int] = []
    while len(seen) < 40:
        async with following(ana, chat, next(workers), len(seen), many=many) as live:
            seen += [frame["seq"] for frame in await durable(live, min(next(lengths), 40 - len(seen)))]
            live.connection.transport.abort()
    await writing
    assert seen == list(range(1, 41))
