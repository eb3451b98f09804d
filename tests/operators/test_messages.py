"""A message with all its revisions, and who read it when."""

from tests.privacy.traced_user import wait_erased
from tests.support.world import Json, Person, World


async def shown(staff: Person, message: Json) -> Json:
    found: Json = await staff.ok("GET", f"/chat/operators/messages/{message['id']}/")
    return found


async def test_every_revision_is_there_and_continues_the_previous_one(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    message = await ana.send(chat, "nine")
    for words in ("ten", "eleven"):
        await ana.ok("POST", f"/chat/messages/{message['id']}/edit/", {"content": words})
    await ana.ok("POST", f"/chat/messages/{message['id']}/delete/")
    found = await shown(staff, message)
    assert [(one["revision"], one["content"]) for one in found["revisions"]] == [
        (1, "nine"),
        (2, "ten"),
        (3, "eleven"),
        (4, None),
    ]
    ends = [one["replaced_at"] for one in found["revisions"]]
    starts = [one["written_at"] for one in found["revisions"]]
    assert starts == [message["created_at"], *ends[:-1]]
    assert ends[-1] is None
    assert found["message"]["is_deleted"]
    assert found["message"]["content"] is None


async def test_a_message_that_never_changed_has_one_revision(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    message = await ana.send(await ana.direct(bo), "nine")
    (only,) = (await shown(staff, message))["revisions"]
    at = {"written_at": message["created_at"], "replaced_at": None}
    assert only == {"revision": 1, "content": "nine", **at}


async def test_receipts_name_reader_and_time_and_looking_is_not_reading(world: World, staff: Person) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, participant=bo, observer=cy)
    message = await ana.send(chat, "nine")
    assert (await shown(staff, message))["receipts"] == []
    for reader in (cy, bo):
        await reader.ok("POST", f"/chat/messages/{message['id']}/mark_read/")
    found = await shown(staff, message)
    assert [one["user"]["id"] for one in found["receipts"]] == [cy.id, bo.id]
    theirs = await ana.ok("GET", f"/chat/messages/{message['id']}/receipts/")
    assert theirs["results"] == found["receipts"]


async def test_an_erased_user_has_no_earlier_content(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    message = await ana.send(chat, "words of ana")
    await ana.ok("POST", f"/chat/messages/{message['id']}/edit/", {"content": "better words of ana"})
    assert len((await shown(staff, message))["revisions"]) == 2
    await world.service.ok("DELETE", f"/chat/users/{ana.id}/", status=202)
    at_once = await shown(staff, message)
    assert len(at_once["revisions"]) == 1
    assert at_once["message"]["sender"]["username"] == "erased user"
    await wait_erased(world, ana.id)
    in_the_end = await shown(staff, message)
    assert [one["content"] for one in in_the_end["revisions"]] == [None]
    detail = await staff.ok("GET", f"/chat/operators/conversations/{chat['id']}/")
    assert ana.id not in str((in_the_end, detail))
