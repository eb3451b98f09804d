"""Removed at event R: the user receives nothing above R, and then the socket closes."""

import asyncio

from tests.gateway.sockets import receive_until_closed
from tests.support.workers import Worker
from tests.support.world import Json, Person, World


async def test_a_removed_participant_sees_their_removal_and_nothing_after(world: World, other_worker: Worker) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, participant_2=cy)
    async with cy.connect(chat) as here, cy.connect(chat, other_worker) as there:
        ends = [asyncio.create_task(receive_until_closed(live)) for live in (here, there)]
        path = f"/chat/conversations/{chat['id']}/remove_participant/"
        writing = asyncio.create_task(_write(bo, chat, 30))
        await ana.ok("POST", path, {"user_id": cy.id}, status=204)
        await writing
        removed_at = next(f["seq"] for f in await ana.events(chat) if f["type"] == "participant_removed")
        for frames, code in await asyncio.gather(*ends):
            assert code == 4403
            assert [frame["seq"] for frame in frames] == list(range(1, removed_at + 1))
    async with cy.connect_raw(chat) as again:
        assert (await again.wait_closed())[0] == 4404


async def test_a_participant_can_be_removed_while_catching_up(world: World) -> None:
    ana, cy = world.people("ana", "cy")
    chat = await world.job(admin=ana, participant=cy)
    await _write(ana, chat, 40)
    path = f"/chat/conversations/{chat['id']}/remove_participant/"
    for _ in range(5):
        async with cy.connect_raw(chat, after_seq=0) as live:
            removing = asyncio.create_task(ana.ok("POST", path, {"user_id": cy.id}, status=204))
            frames, code = await receive_until_closed(live)
            await removing
            log = await ana.events(chat)
            removed_at = [f["seq"] for f in log if f["type"] == "participant_removed"][-1]
            assert code in (4403, 4404)
            seen = [frame["seq"] for frame in frames if "seq" in frame]
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) <= removed_at
        await ana.ok("POST", f"/chat/conversations/{chat['id']}/add_participant/", {"user_id": cy.id}, status=201)


async def test_a_role_change_takes_effect_at_once(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    async with bo.connect(chat) as b:
        path = f"/chat/conversations/{chat['id']}/participants/{bo.id}/"
        await ana.ok("PATCH", path, {"role": "observer"})
        assert (await b.request("send_message", content="no"))["code"] == "forbidden"
        await b.request("react", message_id=chat["id"], emoji="👍")
        assert (await b.request("typing", is_typing=True))["code"] == "forbidden"


async def _write(sender: Person, chat: Json, count: int) -> None:
    for number in range(count):
        await sender.send(chat, str(number))
