"""Whatever a service, moderator or admin does leaves a row; what people do among themselves leaves none."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from tests.support.world import Caller, Json, World, pages, rows
from wasgo_chat.privacy.eraser import Eraser

AUDIT = "/chat/audit/"


async def acts(world: World, **query: Any) -> list[Json]:
    """Rows of the audit, oldest first."""
    found = await pages(world.service, AUDIT, limit=2, **query)
    return [one for page in found for one in page][::-1]


async def test_acts_over_others_leave_a_row_with_who_what_and_whom(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo)
    path = f"/chat/conversations/{chat['id']}"
    said = await bo.send(chat, "audited words")
    own = await ana.send(chat, "my own words")
    await ana.ok("POST", f"{path}/add_participant/", {"user_id": cy.id}, status=201)
    await ana.ok("PATCH", f"{path}/participants/{cy.id}/", {"role": "observer"})
    await ana.ok("POST", f"/chat/messages/{said['id']}/delete/")
    await ana.ok("POST", f"/chat/messages/{own['id']}/delete/")
    await ana.ok("PATCH", f"{path}/", {"status": "closed"})
    await ana.ok("PATCH", f"{path}/", {"status": "open"})
    await cy.ok("POST", f"{path}/remove_participant/", {"user_id": cy.id}, status=204)
    found = await acts(world, conversation=chat["id"])
    assert [(one["action"], one["actor_id"], one["service"], one["user_id"], one["target"]) for one in found] == [
        ("conversation_created", None, "platform", None, None),
        ("participant_added", ana.id, None, cy.id, None),
        ("participant_updated", ana.id, None, cy.id, None),
        ("message_deleted", ana.id, None, bo.id, said["id"]),
        ("conversation_updated", ana.id, None, None, "status"),
        ("conversation_updated", ana.id, None, None, "status"),
    ]
    assert "words" not in str(found)


async def test_services_are_named_also_where_they_act_as_somebody(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    moderator = world.make_service(world.unique("moderator"), "chat:moderate", "chat:act_as", "chat:provision")
    sent = await moderator.acting_as(ana).call("POST", "/chat/messages/", {"conversation": chat["id"], "content": "x"})
    request_id = sent.headers["x-request-id"]
    await moderator.ok("POST", f"/chat/messages/{sent.json()['id']}/delete/")
    await moderator.ok("PUT", f"/chat/users/{bo.id}/", {"email": "bo@people.example"})
    await moderator.ok("POST", f"/chat/users/{bo.id}/revoke/")
    await moderator.acting_as(ana).ok("GET", f"/chat/conversations/{chat['id']}/")
    assert (await moderator.call("GET", f"/chat/users/{ana.id}/export/")).status_code == 200
    mine = await acts(world, since=(datetime.now(UTC) - timedelta(minutes=5)).isoformat())
    mine = [one for one in mine if one["service"] and one["service"].startswith("moderator")]
    assert [(one["action"], one["actor_id"], one["user_id"], one["target"]) for one in mine] == [
        ("new_message", ana.id, None, sent.json()["id"]),
        ("message_deleted", None, None, sent.json()["id"]),
        ("user_put", None, bo.id, "email"),
        ("user_revoked", None, bo.id, None),
        ("user_exported", None, ana.id, None),
    ]
    assert mine[0]["request_id"] == request_id
    assert mine == await acts(world, actor=mine[0]["service"])
    assert mine[:1] == await acts(world, actor=ana.id)


async def test_an_act_that_fails_leaves_no_row(world: World) -> None:
    (ana,) = world.people("ana")
    service = world.make_service(world.unique("failing"), "chat:provision")
    await service.refused("PUT", f"/chat/users/{ana.id}/", {"email": "no address"}, status=422, code="invalid")
    await service.refused("GET", f"/chat/users/{ana.id}/export/", status=403, code="scope_required")
    assert not await rows(world.worker, "SELECT 1 FROM audit WHERE service LIKE 'failing%'")


async def test_the_audit_is_for_those_who_moderate(world: World) -> None:
    (ana,) = world.people("ana")
    for caller in (ana, world.make_service("other", "chat:provision", "chat:act_as")):
        assert isinstance(caller, Caller)
        await caller.refused("GET", AUDIT, status=403, code="scope_required")
    bad = {"since": "yesterday"}
    await world.service.refused("GET", AUDIT, status=422, code="invalid", params=bad)


async def test_old_rows_go(world: World) -> None:
    marked = world.unique("old")
    await world.make_service(marked, "chat:provision").ok(
        "PUT", f"/chat/users/{world.unique('dee')}/", {"locale": "de"}
    )
    find = "SELECT 1 FROM audit WHERE service = :service"
    assert await rows(world.worker, find, service=marked)
    await Eraser(world.worker.db)._sweep()
    assert await rows(world.worker, find, service=marked)
    async with world.worker.db.transaction() as tx:
        await tx.execute(text("UPDATE audit SET at = at - interval '366 days' WHERE service = :s"), {"s": marked})
    await Eraser(world.worker.db)._sweep()
    assert not await rows(world.worker, find, service=marked)
