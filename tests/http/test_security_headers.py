"""Every response, errors included, has the security headers."""

import asyncio
import socket
from typing import Any

import pytest

from tests.attachments.samples import picture
from tests.support.workers import make_settings
from tests.support.world import World, world_with

ALWAYS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
DATA = {
    **ALWAYS,
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: https://elsewhere.example\r\n\r\n"
)


def lacking(headers: Any, wanted: dict[str, str]) -> dict[str, str]:
    """The expected headers that do not occur exactly once."""
    return {name: value for name, value in wanted.items() if headers.get_list(name) != [value]}


@pytest.mark.parametrize(
    ("method", "path", "status", "more"),
    [
        ("GET", "/chat/notifications/", 200, {}),
        ("GET", "/healthz", 200, {}),
        ("GET", "/openapi.json", 200, {}),
        ("GET", "/chat/notifications/?limit=no", 422, {}),
        ("GET", "/nowhere/", 404, {}),
        ("GET", "/%ff/", 404, {}),
        ("DELETE", "/chat/notifications/", 405, {}),
        ("POST", "/chat/conversations/", 413, {"content": b" " * 2_000_000}),
        ("POST", "/chat/conversations/", 400, {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("GET", "/chat/notifications/", 401, {"headers": {"Authorization": "Bearer x.y.z"}}),
        ("GET", "/chat/users/x/erasure/", 403, {}),
    ],
)
async def test_every_response_has_the_headers(
    world: World, method: str, path: str, status: int, more: dict[str, Any]
) -> None:
    answer = await world.person("ana").client.request(method, path, **more)
    assert answer.status_code == status
    assert not lacking(answer.headers, DATA)
    assert "strict-transport-security" not in answer.headers


async def test_a_500_has_them_too_and_ends_the_connection(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    origin = "https://app.example"
    monkeypatch.setattr(world.worker.parts, "authenticator", None)
    answer = await world.person("ana").client.get("/chat/notifications/", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert not lacking(answer.headers, {**DATA, "connection": "close", "access-control-allow-origin": origin})


async def test_a_rejected_handshake_is_a_problem_document_with_headers(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.worker.port)) as raw:
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, HANDSHAKE.format(path="/ws/chat/").encode())
        answer = b""
        async with asyncio.timeout(10):
            while b'"code"' not in answer:
                answer += await loop.sock_recv(raw, 65_536)
    assert answer.startswith(b"HTTP/1.1 403 ")
    for name, value in DATA.items():
        assert f"{name}: {value}\r\n".encode() in answer


async def test_pages_and_files_keep_their_own_policies(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for name, data, policy in (
        (
            "a.jpg",
            picture(),
            "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
        ),
        ("a.txt", b"text", "sandbox; default-src 'none'"),
    ):
        files = {"file": (name, data)}
        made = await ana.ok("POST", "/chat/attachments/", data={"conversation": chat["id"]}, files=files, status=201)
        answer = await ana.client.get(made["url"])
        assert not lacking(answer.headers, ALWAYS)
        assert answer.headers.get("content-security-policy") == policy
        assert answer.headers["cache-control"].startswith("private, max-age=")


async def test_hsts_can_be_switched_on(database: str) -> None:
    async with world_with(make_settings(database, hsts_max_age_s=31_536_000)) as world:
        answer = await world.person("ana").client.get("/healthz")
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


async def test_a_page_of_another_origin_can_read_why_a_body_was_too_large(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    limit = world.worker.settings.max_attachment_bytes
    json_body: dict[str, Any] = {"conversation": chat["id"], "content": "x" * world.worker.settings.max_body_bytes}
    file: dict[str, Any] = {"data": {"conversation": chat["id"]}, "files": {"file": ("a", b"x" * (limit + 2_000_000))}}
    for path, code, more in (
        ("/chat/messages/", "body_too_large", {"json": json_body}),
        ("/chat/attachments/", "attachment_too_large", file),
    ):
        answer = await ana.client.post(path, headers={"Origin": "https://app.example"}, **more)
        assert (answer.status_code, answer.json()["code"]) == (413, code)
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert len(answer.headers.get_list("content-length")) == 1
        assert not lacking(answer.headers, DATA)


async def test_only_allowed_origins_may_read_responses(world: World) -> None:
    ana = world.person("ana")
    for origin, allowed in (("https://app.example", "https://app.example"), ("https://elsewhere.example", None)):
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        asked["Access-Control-Request-Headers"] = "authorization, idempotency-key"
        for answer in (
            await ana.client.get("/chat/notifications/", headers={"Origin": origin}),
            await ana.client.get("/nowhere/", headers={"Origin": origin}),
            await ana.client.options("/chat/messages/", headers=asked),
        ):
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "access-control-allow-credentials" not in answer.headers
    answer = await ana.client.get("/chat/notifications/", headers={"Origin": "https://app.example"})
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
