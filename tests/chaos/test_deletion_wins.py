"""Concurrent edits, reactions and a deletion on two workers: every copy converges, and the deletion wins."""

import asyncio

from tests.support.client_state import ClientState
from tests.support.workers import Worker
from tests.support.world import Json, SocketClient, World


async def follow(live: SocketClient, mirror: ClientState, up_to: int) -> Json:
    while mirror.last_seq < up_to:
        frame = await live.next_frame()
        if "seq" in frame:
            mirror.apply(frame)
    return mirror.state()


async def test_a_deletion_concurrent_with_edits_wins_everywhere(world: World, other_worker: Worker) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    empty = [await ClientState.load(bo, chat) for _ in range(2)]
    async with bo.connect(chat, after_seq=0) as here, bo.connect(chat, other_worker, after_seq=0) as there:
        for _ in range(5):
            sent = await ana.send(chat, "first words")
            path = f"/chat/messages/{sent['id']}"
            await asyncio.gather(
                *(
                    ana.call("POST", f"{worker.url}{path}/edit/", {"content": f"words {number} of {worker.port}"})
                    for worker in (world.worker, other_worker)
                    for number in range(3)
                ),
                bo.call("POST", f"{path}/react/", {"emoji": "👍"}),
                ana.ok("POST", f"{other_worker.url}{path}/delete/"),
            )
        log = await bo.events(chat)
        seen = await asyncio.gather(follow(here, empty[0], len(log)), follow(there, empty[1], len(log)))
    present = (await ClientState.load(bo, chat)).state()
    assert list(seen) == [present, present]
    assert all(message["is_deleted"] and message["content"] is None for message in await bo.history(chat))
    for message in await bo.history(chat):
        about = [event["type"] for event in log if (event.get("message") or event).get("id") == message["id"]]
        assert about[-1] == "message_deleted"
        assert message["revision"] == len(about)
