"""Whatever is lost in transit, a client sees 1..N in order, on any worker."""

import asyncio

import pytest

from tests.gateway.sockets import receive_seqs, send_messages
from tests.support.faults import Shuffle, disturbed, drop, duplicate
from tests.support.workers import Worker, make_settings
from tests.support.world import World, world_with


async def test_after_seq_replays_missed_events_and_then_goes_live(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 5)
    async with bo.connect(chat, after_seq=2) as b:
        await send_messages(ana, chat, 3)
        assert await receive_seqs(b, 8) == [3, 4, 5, 6, 7, 8]


async def test_without_after_seq_a_socket_is_live_from_now(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 3)
    async with bo.connect(chat) as b:
        await send_messages(ana, chat, 1)
        assert await receive_seqs(b, 4) == [4]


@pytest.mark.parametrize("after_seq", [-1, 4, 10**18])
async def test_an_impossible_after_seq_causes_a_resync(world: World, after_seq: int) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 3)
    async with bo.connect(chat, after_seq=after_seq) as b:
        assert (await b.receive("resync"))["last_seq"] == 3
        await send_messages(ana, chat, 1)
        assert await receive_seqs(b, 4) == [4]


async def test_a_replay_that_is_too_long_is_a_resync(database: str) -> None:
    async with world_with(make_settings(database, replay_limit=3)) as there:
        ana, bo = there.people("ana", "bo")
        chat = await ana.direct(bo)
        await send_messages(ana, chat, 4)
        async with bo.connect(chat, after_seq=0) as b:
            await b.receive("resync")
        async with bo.connect(chat, after_seq=1) as b:
            assert await receive_seqs(b, 4) == [2, 3, 4]


async def test_a_message_sent_on_one_worker_arrives_on_the_other(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await bo.direct(ana)
    async with bo.connect(chat, other_worker) as b, ana.connect(chat) as a:
        await a.send("send_message", content="across")
        assert (await b.receive("new_message"))["message"]["content"] == "across"
        await b.send("typing", is_typing=True)
        assert (await a.wait_for("typing"))["user_id"] == bo.id
        assert (await b.request("mark_read", message_ids=[(await bo.history(chat))[0]["id"]]))["marked"] == 1
        assert (await a.wait_for("messages_read"))["user_id"] == bo.id


@pytest.mark.parametrize("disturb", [drop, duplicate, Shuffle(1), Shuffle(2), Shuffle(3)])
async def test_publications_lost_doubled_or_reordered_change_nothing(
    world: World, other_worker: Worker, disturb: Shuffle
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    with disturbed(other_worker, disturb):
        async with bo.connect(chat, other_worker) as b:
            listening = asyncio.create_task(receive_seqs(b, 40))
            await send_messages(ana, chat, 40)
            assert await listening == list(range(1, 41))


async def test_a_lost_read_receipt_is_sent_again(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    sent = [await ana.send(chat, str(number)) for number in range(3)]
    with disturbed(other_worker, drop):
        async with ana.connect(chat, other_worker) as a:
            for message in sent:
                await bo.ok("POST", f"/chat/messages/{message['id']}/mark_read/")
            for message in sent:
                assert (await a.receive("messages_read"))["message_ids"] == [message["id"]]


async def test_subscribing_while_others_write_loses_and_repeats_nothing(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)

    async def join_late(after: int) -> list[int]:
        await asyncio.sleep(after * 0.01)  # spreads the subscriptions over the writes
        async with bo.connect(chat, other_worker if after % 2 else world.worker, after_seq=0) as b:
            return await receive_seqs(b, 60)

    joins = [asyncio.create_task(join_late(after)) for after in range(12)]
    await asyncio.gather(*(send_messages(person, chat, 30) for person in (ana, bo)))
    assert await asyncio.gather(*joins) == [list(range(1, 61))] * 12
