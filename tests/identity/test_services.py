"""Services that act for users, and users whose tokens are revoked."""

import json
import time
from urllib.parse import quote

import pytest

from tests.identity.issuer import sign, user_claims
from tests.security.raw import Answer, close_code, connected, handshake
from tests.support.workers import SECRET
from tests.support.world import Caller, Person, World, rows
from wasgo_chat.identity.tokens import mint_user

ME = "/chat/conversations/unread_counts/"


async def test_acting_for_a_user_needs_its_scope(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    without = world.make_service("other", "chat:provision", "chat:system_message", "chat:moderate")
    await without.acting_as(ana).refused("GET", ME, status=403, code="scope_required")
    await bo.acting_as(ana).refused("GET", ME, status=403, code="scope_required")
    await bo.acting_as(bo).refused("GET", ME, status=403, code="scope_required")
    await world.service.acting_as(ana).ok("GET", ME)


async def test_the_impersonated_user_must_be_a_valid_user_id(world: World) -> None:
    for bad in ("", "x" * 129, "a\tb"):
        caller = Caller(world, world.service.bearer, {"X-Act-As": bad})
        await caller.refused("GET", ME, status=422, code="invalid")


async def acting_as(world: World, path: str, user_id: bytes) -> Answer:
    """The response to a service that sends exactly these bytes as the user it acts for."""
    lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.service.bearer}\r\nX-Act-As: "
    async with connected(world.worker) as raw:
        await raw.send(lines.encode() + user_id + b"\r\n\r\n")
        return await raw.answer()


async def test_a_user_id_beyond_ascii_is_read_as_utf8(world: World) -> None:
    bo, ana = world.person("bö 💬"), world.person("ana")
    long = Person(world, "é" * 128, "é", mint_user(world.worker.settings, "é" * 128, ttl_s=600))
    chat = await world.job(admin=ana, participant=bo, participant_2=long)
    path = f"/chat/conversations/{chat['id']}/"
    for one in (bo, long):
        assert (await acting_as(world, path, one.id.encode())).status == 200
        async with connected(world.worker) as raw:
            who = {"Authorization": f"Bearer {world.service.bearer}", "X_Act_As": one.id}
            await raw.send(handshake(f"/ws/chat/{chat['id']}/", **who))
            assert (await raw.answer()).status == 101
            assert json.dumps(one.id, ensure_ascii=False).encode() in await raw.reader.readuntil(b"limits")


@pytest.mark.parametrize(
    "user_id", ["bö".encode("latin-1"), b"b\xff", b"b\xc0\xaf", b"\xed\xa0\x80", "é".encode() * 129, "b\x85".encode()]
)
async def test_an_impersonated_id_that_is_not_valid_utf8_is_rejected(world: World, user_id: bytes) -> None:
    answer = await acting_as(world, ME, user_id)
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (422, "user_id")
    head = handshake("/ws/chat/", Authorization=f"Bearer {world.service.bearer}")[:-2]
    async with connected(world.worker) as raw:
        await raw.send(head + b"X-Act-As: " + user_id + b"\r\n\r\n")
        assert (await raw.answer()).status == 101
        assert await close_code(raw) == 4401


async def test_acting_for_a_user_gives_that_users_rights_and_no_more(world: World) -> None:
    ana, bo, cy = world.people("ana", "bo", "cy")
    chat = await world.job(admin=ana, observer=bo)
    sent = await ana.send(chat)
    path = f"/chat/conversations/{chat['id']}"
    as_bo, as_cy = world.service.acting_as(bo), world.service.acting_as(cy)
    assert (await as_bo.ok("GET", f"{path}/"))["unread_count"] == 1
    body = {"conversation": chat["id"], "content": "hi"}
    await as_bo.refused("POST", "/chat/messages/", body, status=403, code="forbidden")
    await as_bo.refused("PATCH", f"{path}/", {"title": "x"}, status=403, code="forbidden")
    await as_bo.refused("POST", f"/chat/messages/{sent['id']}/delete/", status=403, code="forbidden")
    await as_cy.refused("GET", f"{path}/", status=404, code="not_found")
    path = "/chat/conversations/create_support_conversation/"
    made = await as_cy.ok("POST", path, {"support_type": "x"}, status=201)
    assert [one["user"]["id"] for one in made["participants"] if one["role"] == "admin"] == [cy.id]
    job = {"conversation_type": "job", "reference": {"type": "job", "id": "1"}}
    await as_cy.refused("POST", "/chat/conversations/", job, status=403, code="conversation_type_forbidden")


async def test_both_actors_are_recorded(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana)
    acting = world.service.acting_as(ana)
    path = f"/chat/conversations/{chat['id']}"
    body = {"conversation": chat["id"], "content": "hi"}
    sent = await acting.ok("POST", "/chat/messages/", body, status=201)
    await acting.ok("POST", f"/chat/messages/{sent['id']}/edit/", {"content": "better"})
    await acting.ok("POST", f"/chat/messages/{sent['id']}/react/", {"emoji": "👍"})
    await acting.ok("PATCH", f"{path}/", {"title": "Walls"})
    await acting.ok("POST", f"{path}/add_participant/", {"user_id": bo.id}, status=201)
    await acting.ok("POST", f"/chat/messages/{sent['id']}/delete/")
    await ana.send(chat, "by oneself")
    await world.service.ok("POST", f"{path}/system_messages/", {"content": "by a service"}, status=201)
    statement = "SELECT actor_id, service FROM events WHERE conversation_id = :id ORDER BY seq"
    found = [tuple(row) for row in await rows(world.worker, statement, id=chat["id"])]
    assert found == [(ana.id, "platform")] * 7 + [(ana.id, None), (None, "platform")]
    statement = "SELECT sender_id, service FROM messages WHERE conversation_id = :id ORDER BY seq LIMIT 1"
    assert [tuple(row) for row in await rows(world.worker, statement, id=chat["id"])] == [(ana.id, "platform")]
    assert (await bo.history(chat, after_seq=0))[0]["sender"]["id"] == ana.id


async def test_idempotency_keys_of_a_service_and_its_user_are_separate(world: World) -> None:
    ana = world.person("ana")
    headers = {"Idempotency-Key": world.unique("key")}
    body = {"conversation_type": "direct", "participant_ids": [ana.id, "bo"]}
    path = "/chat/conversations/"
    own = await world.service.ok("POST", path, body, headers=headers, status=201)
    body = {"conversation_type": "direct", "participant_ids": ["cy"]}
    acted = await world.service.acting_as(ana).ok("POST", path, body, headers=headers, status=201)
    assert own["id"] != acted["id"]


def renewed(person: Person) -> Caller:
    world = person.world
    return Caller(world, mint_user(world.worker.settings, person.id, ttl_s=600, username=person.name))


async def test_older_tokens_of_a_revoked_user_are_rejected_and_newer_ones_accepted(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    second = renewed(ana)
    await ana.ok("GET", ME)
    revoked = await world.service.ok("POST", f"/chat/users/{ana.id}/revoke/")
    assert revoked["user_id"] == ana.id
    for older in (ana, second):
        await older.refused("GET", ME, status=401, code="unauthenticated")
    await bo.ok("GET", ME)
    newer = renewed(ana)
    await newer.ok("GET", ME)
    await world.service.ok("POST", f"/chat/users/{ana.id}/revoke/")
    await newer.refused("GET", ME, status=401, code="unauthenticated")


async def test_an_unknown_user_can_be_revoked(world: World) -> None:
    ana = world.person("ana")
    await world.service.ok("POST", f"/chat/users/{ana.id}/revoke/")
    await ana.refused("GET", ME, status=401, code="unauthenticated")
    await renewed(ana).ok("GET", ME)


async def test_a_token_issued_in_the_future_is_revoked_from_its_first_use(world: World) -> None:
    claims = user_claims(world.worker.settings, world.unique("ana"), iat=int(time.time()) + 50)
    ana = Caller(world, sign(claims, SECRET, "HS256"))
    await ana.ok("GET", ME)
    await world.service.ok("POST", f"/chat/users/{claims['sub']}/revoke/")
    await ana.refused("GET", ME, status=401, code="unauthenticated")


async def test_a_token_without_an_issue_time_does_not_restore_staff(world: World) -> None:
    claims = user_claims(world.worker.settings, world.unique("ana"), staff=True)
    del claims["iat"]
    ana = Caller(world, sign(claims, SECRET, "HS256"))
    figures = "/chat/operators/figures/"
    await ana.ok("GET", figures)
    await world.service.ok("PUT", f"/chat/users/{claims['sub']}/", {"is_staff": False})
    for _ in range(2):
        await ana.refused("GET", figures, status=403, code="staff_required")
    named = sign({**claims, "name": "Ana Lima"}, SECRET, "HS256")
    await Caller(world, named).refused("GET", figures, status=403, code="staff_required")
    statement = "SELECT display_name, is_staff FROM users WHERE id = :id"
    assert [tuple(row) for row in await rows(world.worker, statement, id=claims["sub"])] == [("Ana Lima", False)]


async def test_ids_with_slashes_are_addressed_like_others(world: World) -> None:
    ana = world.person("org/ana/revoke/1")
    at = f"/chat/users/{quote(ana.id, safe='')}/"
    assert (await world.service.ok("PUT", at, {"display_name": "Ana"}))["id"] == ana.id
    chat = await world.job(admin=world.person("bo"), participant=ana)
    member = f"/chat/conversations/{chat['id']}/participants/{quote(ana.id, safe='')}/"
    await world.service.ok("PATCH", member, {"role": "observer"})
    await world.service.ok("POST", f"{at}revoke/")
    await ana.refused("GET", ME, status=401, code="unauthenticated")
    assert (await world.service.call("GET", f"{at}export/")).status_code == 200
    await world.service.ok("DELETE", at, status=202)
    assert (await world.service.ok("GET", f"{at}erasure/"))["user_id"] == ana.id


async def test_a_reference_with_slashes_is_addressed_like_others(world: World) -> None:
    reference = world.unique("2026/bid")
    at = f"/bids/{quote(reference, safe='')}/conversation/"
    ana = world.person("ana")
    made = await world.service.ok("PUT", at, {"participants": [{"user_id": ana.id}]}, status=201)
    assert (await ana.ok("GET", at))["id"] == made["id"]
    assert made["reference"] == {"type": "bid", "id": reference}


async def test_an_action_with_the_wrong_method_is_no_user_id(world: World) -> None:
    ana = world.person("ana")
    for action in ("revoke", "erasure", "export"):
        path = f"/chat/users/{ana.id}/{action}/"
        await world.service.refused("PUT", path, {}, status=405, code="method_not_allowed")
        await world.service.refused("DELETE", path, status=405, code="method_not_allowed")


async def test_a_token_is_valid_until_it_expires_and_not_after(world: World) -> None:
    expires = int(time.time()) + 2
    claims = user_claims(world.worker.settings, world.unique("ana"), exp=expires)
    caller = Caller(world, sign(claims, SECRET, "HS256"))
    while (response := await caller.call("GET", ME)).status_code == 200:
        assert time.time() < expires + 1
    assert time.time() >= expires
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


async def test_a_name_cannot_reorder_the_text_around_it(world: World) -> None:
    name = world.unique("user")
    shown = await world.service.ok("PUT", f"/chat/users/{name}/", {"display_name": "Ana\u202e\u2066 Lima\u200f"})
    assert shown["display_name"] == "Ana Lima"
