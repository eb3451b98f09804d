"""Removed and added again: an earlier socket ends at the removal, a later one sees it as history."""

from uuid import UUID

from tests.gateway.sockets import receive_seqs, receive_until_closed
from tests.support.faults import disturbed, drop
from tests.support.workers import make_settings
from tests.support.world import Json, Person, World, wait_until, world_with
from wasgo_chat.gateway.delivery.channel import ConversationChannel


async def remove_and_add(ana: Person, chat: Json, whom: Person) -> int:
    """The seq of the removal."""
    path = f"/chat/conversations/{chat['id']}"
    await ana.ok("POST", f"{path}/remove_participant/", {"user_id": whom.id}, status=204)
    await ana.ok("POST", f"{path}/add_participant/", {"user_id": whom.id}, status=201)
    removals = [event["seq"] for event in await ana.events(chat) if event["type"] == "participant_removed"]
    return int(removals[-1])


async def test_an_old_removal_does_not_close_a_new_socket(world: World, database: str) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, participant_2=cy)
    await ana.send(chat)
    async with world_with(make_settings(database, reconcile_s=60)) as elsewhere:
        deaf = elsewhere.worker
        with disturbed(deaf, drop):  # this worker receives the removal only after the new socket is open
            async with bo.connect(chat, deaf) as b:
                await remove_and_add(ana, chat, cy)
                async with cy.connect(chat, deaf, after_seq=1) as c:
                    head = (await bo.call("POST", f"{deaf.url}/chat/messages/", _words(chat))).json()["seq"]
                    assert await receive_seqs(c, head) == list(range(2, head + 1))
                    assert await receive_seqs(b, head) == list(range(2, head + 1))


async def test_a_lagging_socket_ends_at_the_removal(database: str) -> None:
    async with world_with(make_settings(database, reconcile_s=60)) as world:
        ana, cy = world.people("ana", "cy")
        chat = await world.job(admin=ana, participant=cy)
        async with cy.connect(chat) as c:
            await wait_until(lambda: all(one.live for one in _channel(world, chat).subscriptions))
            (behind,) = _channel(world, chat).subscriptions
            behind.mark_lagging()  # as if the client did not read
            await ana.send(chat)
            removed_at = await remove_and_add(ana, chat, cy)
            await ana.send(chat)
            world.worker.hub.catch_up_soon(behind)  # as if the client read again
            frames, code = await receive_until_closed(c)
            assert [frame["seq"] for frame in frames if "seq" in frame] == list(range(1, removed_at + 1))
            assert code == 4403


def _channel(world: World, chat: Json) -> ConversationChannel:
    channel: ConversationChannel = world.worker.hub.channels[UUID(chat["id"])]
    return channel


def _words(chat: Json) -> Json:
    return {"conversation": chat["id"], "content": "and on"}
