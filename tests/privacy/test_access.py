"""Access after an erasure: sockets close, tokens are rejected, and no lagging job restores the user."""

from typing import Any

import pytest
from sqlalchemy import insert

from tests.privacy.traced_user import TracedUser, dump_database
from tests.support.world import World, rows
from wasgo_chat.core.errors import UserErased
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.membership.models import Participant


async def test_sockets_close_tokens_are_rejected_and_the_user_stays_erased(world: World) -> None:
    ana = TracedUser(world)
    await ana.create()
    async with ana.person.connect(None) as live, ana.person.connect(ana.job) as there:
        await ana.erase()
        assert (await live.wait_closed())[0] == 4401
        assert (await there.wait_closed())[0] in (4401, 4403)
    service, path = world.service, f"/chat/conversations/{ana.job['id']}/add_participant/"
    later = mint_user(world.worker.settings, ana.id, ttl_s=3600)
    for is_done in (False, True):
        if is_done:
            await ana.wait_erased()
        for bearer in (ana.person.bearer, later):
            headers = {"Authorization": f"Bearer {bearer}"}
            answer = await service.call("GET", "/chat/conversations/unread_counts/", headers=headers)
            assert answer.status_code == 401
        refused: dict[str, Any] = {"status": 409, "code": "user_erased"}
        await service.refused("PUT", f"/chat/users/{ana.id}/", {"username": "ana"}, **refused)
        await service.refused("POST", f"/chat/users/{ana.id}/revoke/", **refused)
        await service.refused("POST", path, {"user_id": ana.id}, **refused)
        await service.acting_as(ana.person).refused("GET", "/chat/notifications/", **refused)
        others = [{"user_id": world.unique("user")} for _ in range(2)]
        body = {"participants": [others[0], {"user_id": ana.id}, others[1]]}
        problem = await service.refused("PUT", f"/bids/{world.unique('bid')}/conversation/", body, **refused)
        erased = {"loc": ["participants", 1, "user_id"], "code": "user_erased", "message": "was erased"}
        assert problem["errors"] == [erased]
        await service.refused("GET", f"/chat/users/{ana.id}/export/", status=404, code="not_found")
        assert (await ana.erase())["user_id"] == ana.id
    assert (await ana.erase())["state"] == "done"
    assert not await rows(world.worker, "SELECT 1 FROM users WHERE id = :id", id=ana.id)


async def test_an_unknown_id_is_locked_out_too(world: World) -> None:
    unknown = TracedUser(world)
    await world.service.refused("GET", f"/chat/users/{unknown.id}/erasure/", status=404, code="not_found")
    await unknown.erase()
    await unknown.wait_erased()
    answer = await unknown.person.call("GET", "/chat/notifications/")
    assert answer.status_code == 401
    assert unknown.mark not in await dump_database(world.worker)


async def test_an_erasure_needs_both_scopes(world: World) -> None:
    ana = TracedUser(world)
    path = f"/chat/users/{ana.id}/"
    for scopes in (["chat:provision"], ["chat:moderate"], ["chat:act_as"], []):
        service = world.make_service("half", *scopes)
        await service.refused("DELETE", path, status=403, code="scope_required")
    moderating = world.make_service("reader", "chat:moderate")
    await moderating.refused("GET", f"{path}erasure/", status=403, code="scope_required")
    await moderating.refused("GET", f"{path}export/", status=403, code="scope_required")
    await ana.bo.refused("DELETE", path, status=403, code="scope_required")
    await ana.bo.refused("GET", f"/chat/users/{ana.bo.id}/export/", status=403, code="scope_required")


async def test_naming_a_user_during_their_erasure_is_an_error_and_no_500(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    values = {"conversation_id": chat["id"], "user_id": "unknown-any-more", "role": "participant"}

    async def join() -> None:
        async with world.worker.db.transaction() as tx:
            await tx.execute(insert(Participant).values(values))

    with pytest.raises(UserErased):
        await join()
