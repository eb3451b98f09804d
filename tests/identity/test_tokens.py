"""Tokens: which are accepted, which are rejected, and what a service may do with its own."""

import time
from typing import Any

import jwt
import pytest

from tests.identity.issuer import forge, make_key, public_pem, sign, user_claims
from tests.support.workers import SECRET
from tests.support.world import Caller, World, rows
from wasgo_chat.identity.tokens import SCOPES

ME = "/chat/conversations/unread_counts/"
NOTHING = "0" * 8 + "-0000-7000-8000-" + "0" * 12


async def refused(world: World, bearer: str, code: str = "unauthenticated") -> None:
    caller = Caller(world, bearer)
    response = await caller.call("GET", ME)
    assert (response.status_code, response.json()["code"]) == (401, code), response.text
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert bearer not in response.text


async def accepted(world: World, bearer: str) -> None:
    await Caller(world, bearer).ok("GET", ME)


def good(world: World, **changes: Any) -> str:
    return jwt.encode(user_claims(world.worker.settings, world.unique("ana"), **changes), SECRET, "HS256")


async def test_a_valid_token_is_accepted(world: World) -> None:
    await accepted(world, good(world))
    await accepted(world, good(world, iat=None))
    await accepted(world, good(world, aud=["wasgo-chat", "another"]))


async def test_without_a_token_every_request_is_401(world: World) -> None:
    token = good(world)
    for header in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {token}"}, {"Authorization": token}):
        caller = Caller(world, None, header)
        response = await caller.call("GET", ME)
        assert response.status_code == 401, header
        assert response.headers["WWW-Authenticate"] == "Bearer"
    anonymous = Caller(world, None)
    await anonymous.refused("GET", ME, params={"token": token}, status=401, code="unauthenticated")
    await anonymous.refused("GET", ME, params={"access_token": token}, status=401, code="unauthenticated")
    await anonymous.refused("GET", ME, headers={"Cookie": f"token={token}"}, status=401, code="unauthenticated")


@pytest.mark.parametrize("bearer", ["x", "a.b.c", "..", "e30.e30.", "null", "é", "x" * 5000, "eyJhbGciOiJIUzI1NiJ9..x"])
async def test_an_invalid_token_is_rejected(world: World, bearer: str) -> None:
    headers = {b"Authorization": f"Bearer {bearer}".encode("latin-1")}
    response = await world.service.client.get(ME, headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")


async def test_a_token_with_any_part_changed_is_rejected(world: World) -> None:
    head, body, signature = good(world).split(".")
    other = good(world, sub="somebody-else").split(".")
    for bearer in (
        f"{head}.{other[1]}.{signature}",
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.{signature}",
    ):
        await refused(world, bearer)


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": None},
        {"exp": None},
        {"iss": None},
        {"aud": None},
        {"aud": "another"},
        {"aud": []},
        {"aud": ["wasgo-chat", "wasgo-chat-services"]},
        {"aud": {"a": 1}},
        {"iss": "another"},
        {"iss": ["wasgo"]},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": True},
        {"exp": [1]},
        {"nbf": 4_000_000_000},
        {"iat": "yesterday"},
        {"iat": True},
        {"sub": ""},
        {"sub": 7},
        {"sub": ["ana"]},
        {"sub": "x" * 129},
        {"sub": "a\x00b"},
        {"sub": "a\nb"},
    ],
    ids=str,
)
async def test_a_wrong_claim_is_rejected(world: World, changes: dict[str, Any]) -> None:
    claims = user_claims(world.worker.settings, "ana", **changes)
    await refused(world, forge(claims, {"alg": "HS256", "typ": "JWT"}, SECRET.encode()))


async def test_an_expired_token_is_rejected(world: World) -> None:
    await refused(world, good(world, exp=time.time() - 1))
    await refused(world, good(world, exp=int(time.time()) - 60))


async def test_only_the_configured_algorithm_is_accepted(world: World) -> None:
    claims = user_claims(world.worker.settings, "ana")
    for algorithm in ("none", "None", "NONE", ""):
        await refused(world, forge(claims, {"alg": algorithm}))
        await refused(world, forge(claims, {"alg": algorithm}, SECRET.encode()))
    await refused(world, sign(claims, SECRET.ljust(64, "x"), "HS256"))
    await refused(world, sign(claims, SECRET[::-1], "HS256"))
    await refused(world, forge(claims, {"alg": "HS384"}, SECRET.encode()))
    await refused(world, forge(claims, {"alg": ["HS256"]}, SECRET.encode()))
    await refused(world, forge(claims, {}, SECRET.encode()))
    await refused(world, forge(claims, {"alg": "HS256", "crit": ["x"], "x": 1}, SECRET.encode()))
    key = make_key("ES256")
    jwk = {"kty": "oct", "k": "eHh4"}
    await refused(world, sign(claims, key, "ES256", jwk=jwk))
    await refused(world, sign(claims, SECRET[::-1], "HS256", jwk=jwk, jku="http://127.0.0.1:1/", kid="../../etc"))
    await refused(world, forge(claims, {"alg": "HS256"}, public_pem(key).encode()))


async def test_a_user_is_mirrored_from_the_token(world: World) -> None:
    subject = world.unique("ana")
    claims = user_claims(
        world.worker.settings,
        subject,
        username="ana",
        name="Ana Á.",
        picture="https://x.example/a.png",
        email="a@x.example",
        locale="pt",
        staff=True,
    )
    await accepted(world, sign(claims, SECRET, "HS256"))
    statement = "SELECT username, display_name, avatar_url, email, locale, is_staff FROM users WHERE id = :id"
    expected = ("ana", "Ana Á.", "https://x.example/a.png", "a@x.example", "pt", True)
    assert [tuple(row) for row in await rows(world.worker, statement, id=subject)] == [expected]
    newer = {**claims, "iat": time.time(), "username": "anna", "name": "Ana\u2028\x00 Á.", "email": 7}
    await accepted(world, sign(newer, SECRET, "HS256"))
    changed = ("anna", *expected[1:])
    assert [tuple(row) for row in await rows(world.worker, statement, id=subject)] == [changed]


SERVICE_ROUTES = [
    ("PUT", "/jobs/1/conversation/", {}),
    ("PUT", "/chat/users/ana/", {}),
    ("POST", "/chat/users/ana/revoke/", None),
    ("POST", f"/chat/conversations/{NOTHING}/system_messages/", {"content": "hi"}),
]


@pytest.mark.parametrize(("method", "path", "body"), SERVICE_ROUTES)
async def test_a_service_route_accepts_no_user_and_no_other_scope(
    world: World, method: str, path: str, body: dict[str, str] | None
) -> None:
    needed = "chat:system_message" if "system" in path else "chat:provision"
    others = [scope for scope in SCOPES if scope != needed]
    ana = world.person("ana")
    for caller in (ana, world.make_service("other", *others), world.service.acting_as(ana)):
        await caller.refused(method, path, body, status=403, code="scope_required")


USER_ROUTES = [
    ("GET", "/chat/conversations/", None),
    ("GET", ME, None),
    ("GET", "/chat/conversations/{chat}/", None),
    ("GET", "/chat/conversations/{chat}/events/", None),
    ("POST", "/chat/conversations/{chat}/mark_read/", None),
    ("POST", "/chat/conversations/{chat}/archive/", None),
    ("GET", "/chat/messages/", None),
    ("GET", "/chat/messages/?conversation={chat}", None),
    ("GET", "/chat/messages/{message}/", None),
    ("GET", "/chat/messages/{message}/receipts/", None),
    ("POST", "/chat/messages/", {"conversation": "{chat}", "content": "hi"}),
    ("POST", "/chat/messages/{message}/edit/", {"content": "x"}),
    ("POST", "/chat/messages/{message}/react/", {"emoji": "👍"}),
    ("POST", "/chat/messages/{message}/mark_read/", None),
    ("POST", "/chat/messages/mark_multiple_read/", {"message_ids": ["{message}"]}),
    ("GET", "/jobs/{job}/conversation/", None),
]


async def test_a_user_route_accepts_a_service_only_on_behalf_of_a_user(world: World) -> None:
    ana = world.person("ana")
    chat = await world.job(admin=ana)
    ids = {"chat": chat["id"], "job": chat["reference"]["id"], "message": (await ana.send(chat))["id"]}
    acting = world.service.acting_as(ana)
    for method, path, body in USER_ROUTES:
        target, filled = path.format(**ids), None
        if body is not None:
            filled = {name: _filled(value, ids) for name, value in body.items()}
        await world.service.refused(method, target, filled, status=403, code="act_as_required")
        response = await acting.call(method, target, filled)
        assert response.status_code in (200, 201), (method, path, response.text)


def _filled(value: Any, ids: dict[str, str]) -> Any:
    return [_filled(part, ids) for part in value] if isinstance(value, list) else value.format(**ids)
