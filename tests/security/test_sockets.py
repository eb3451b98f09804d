"""Opening sockets: exact origins, single-use tickets, limits by user and by address, and no secrets in logs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.security.raw import close_code, connected, frame, handshake
from tests.support.processes import serving
from tests.support.workers import Worker, make_settings, running
from tests.support.world import Person, SocketClient, World, world_with
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

ALLOWED = "https://app.example"
FOREIGN = (
    "null", "", "https://APP.example", "HTTPS://app.example", "https://app.example:443", "https://app.example:8443",
    "http://app.example", "https://app.example.", "https://app.example/", "https://app.example.evil.example",
    "https://evil-app.example", "https://x.app.example", "https://app.exampl", "https://app.example@evil.example",
    "https://app.example https://evil.example", "*", "file://", "https://app.example\t", "https://аpp.example",
)  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
async def test_an_origin_is_compared_as_a_whole(world: World, origin: str) -> None:
    ana = world.person("ana")
    head = handshake("/ws/chat/", Authorization=f"Bearer {ana.bearer}")
    line = b"Origin: " + origin.encode() + b"\r\n"
    async with connected(world.worker) as raw:
        await raw.send(head[:-2] + line + b"\r\n")
        status = (await raw.answer()).status
    # White space around a header value is not part of it (RFC 9110, 5.5).
    assert status == (101 if origin.strip() == ALLOWED else 403)


async def test_two_origins_are_rejected_and_no_origin_is_not_a_browser(world: World) -> None:
    ana = world.person("ana")
    head = handshake("/ws/chat/", Authorization=f"Bearer {ana.bearer}")[:-2]
    allowed, foreign = b"Origin: https://app.example\r\n", b"Origin: https://evil.example\r\n"
    for lines, status in ((allowed + foreign, 400), (foreign + allowed, 400), (allowed, 101), (b"", 101)):
        async with connected(world.worker) as raw:
            await raw.send(head + lines + b"\r\n")
            assert (await raw.answer()).status == status


@pytest.mark.parametrize("path", ["/ws/chat/", "/ws/notifications/", "/ws/chat/01a2048d-78c0-74aa-9509-437c15040017/"])
async def test_a_foreign_origin_is_rejected_at_every_socket(world: World, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{world.worker.ws_url}{path}", additional_headers={"Origin": "https://evil.example"})
    assert refused.value.response.status_code == 403


async def test_compression_is_never_negotiated(world: World) -> None:
    ana = world.person("ana")
    more = {"Authorization": f"Bearer {ana.bearer}", "Sec-WebSocket-Extensions": "permessage-deflate"}
    async with connected(world.worker) as raw:
        await raw.send(handshake("/ws/chat/", **more))
        answer = await raw.answer()
        assert b"sec-websocket-extensions" not in answer.head.lower()
        await raw.send(frame(1, b"x", bits=0x40))
        assert await close_code(raw) == 1002


async def test_only_one_of_twenty_concurrent_uses_of_a_ticket_succeeds(world: World, database: str) -> None:
    ana = world.person("ana")
    ticket = (await ana.ok("POST", "/chat/ws_tickets/", status=201))["ticket"]

    async def opened(worker: Worker) -> bool:
        async with connect(f"{worker.ws_url}/ws/chat/?ticket={ticket}") as connection:
            live = SocketClient(connection)
            try:
                return bool((await live.next_frame())["user_id"] == ana.id)
            except Exception:
                assert connection.close_code == 4401
                return False

    async with running(make_settings(database)) as other:
        assert sum(await asyncio.gather(*(opened(worker) for worker in [world.worker, other] * 10))) == 1


async def test_a_ticket_is_bound_to_its_subject_and_ends_with_its_token_and_its_user(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    ticket = (await ana.ok("POST", "/chat/ws_tickets/", status=201))["ticket"]
    async with connect(f"{world.worker.ws_url}/ws/chat/?ticket={ticket}") as connection:
        live = SocketClient(connection)
        assert (await live.receive("hello"))["user_id"] == ana.id
        assert (await live.request("refresh_token", token=bo.bearer))["code"] == "unauthenticated"
    late = (await ana.ok("POST", "/chat/ws_tickets/", status=201))["ticket"]
    await world.service.ok("POST", f"/chat/users/{ana.id}/revoke/")
    async with connect(f"{world.worker.ws_url}/ws/chat/?ticket={late}") as connection:
        assert (await SocketClient(connection).wait_closed())[0] == 4401
    short = Person(world, world.unique("cy"), "cy", mint_user(world.worker.settings, "cy", ttl_s=2))
    dying = (await short.ok("POST", "/chat/ws_tickets/", status=201))["ticket"]
    async with connect(f"{world.worker.ws_url}/ws/chat/?ticket={dying}") as connection:
        assert (await SocketClient(connection).wait_closed())[0] == 4401
    await world.service.acting_as(ana).refused("POST", "/chat/ws_tickets/", status=403, code="forbidden")
    assert Settings().ticket_ttl_s == 30


@pytest.fixture(scope="module")
async def behind(database: str) -> AsyncIterator[World]:
    """A worker behind a proxy on loopback, with a limit of two sockets per address."""
    settings = make_settings(database, trusted_proxies=["127.0.0.1"], max_sockets_per_address=2, max_sockets_per_user=3)
    async with world_with(settings) as made:
        yield made


async def first_code(world: World, person: Person, forwarded: str, stack: AsyncExitStack) -> int:
    """The close code of a socket from an address, 0 if it stays open."""
    headers = {"Authorization": f"Bearer {person.bearer}", "X-Forwarded-For": forwarded}
    url = f"{world.worker.ws_url}/ws/chat/"
    live = SocketClient(await stack.enter_async_context(connect(url, additional_headers=headers)))
    try:
        await live.receive("hello")
    except Exception:
        return int(live.connection.close_code or 0)
    return 0


async def test_an_address_has_a_limited_number_of_sockets_over_all_users(behind: World) -> None:
    people = behind.people("ana", "bo", "cy", "dee")
    async with AsyncExitStack() as stack:
        codes = [await first_code(behind, person, "93.184.216.34", stack) for person in people[:3]]
        assert codes == [0, 0, 4429]
        # The client's own part of the header precedes the proxy's and is ignored.
        assert await first_code(behind, people[3], "1.2.3.4, 93.184.216.34", stack) == 4429
        assert await first_code(behind, people[3], "93.184.216.35", stack) == 0
        networks = ("2606:2800:220:1::1", "2606:2800:220:1::2", "2606:2800:220:1:ffff::3", "2606:2800:220:2::1")
        codes = [await first_code(behind, person, at, stack) for person, at in zip(people, networks, strict=True)]
        assert codes == [0, 0, 4429, 0]
    async with AsyncExitStack() as stack:
        assert await first_code(behind, people[0], "93.184.216.34", stack) == 0


async def test_a_user_has_a_limited_number_of_sockets_over_all_addresses(behind: World) -> None:
    ana = behind.person("ana")
    async with AsyncExitStack() as stack:
        codes = [await first_code(behind, ana, f"93.184.217.{n}", stack) for n in range(4)]
        assert codes == [0, 0, 0, 4429]


async def test_without_a_trusted_proxy_forwarded_addresses_are_ignored(database: str) -> None:
    async with world_with(make_settings(database, max_sockets_per_address=1)) as world:
        ana, bo, cy = world.people("ana", "bo", "cy")
        async with AsyncExitStack() as stack:
            codes = [await first_code(world, one, "93.184.216.34", stack) for one in (ana, bo, cy)]
            assert codes == [0, 0, 0]  # all count as loopback, where a proxy may be, and not as the claimed address
            assert not world.worker.parts.address_limits._open


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.0.1/8", "300.1.1.1"])
def test_a_trusted_proxy_is_an_address_or_a_network(wrong: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        make_settings("x", trusted_proxies=[wrong])


async def test_tokens_and_tickets_are_not_logged_nor_read_from_a_query(database: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    async with serving(database, log, workers=1, LOG_LEVEL="DEBUG", COOKIE_NAME="session") as service:
        world = World(Worker(None, None, service.port, service.settings))  # type: ignore[arg-type]  # only its address
        ana = world.person("ana")
        client = ana.client
        ticket = (await client.post("/chat/ws_tickets/")).json()["ticket"]
        secrets = [str(ana.bearer), ticket]
        for name in ("token", "access_token", "bearer", "jwt", "authorization", "ticket"):
            response = await client.get(f"/chat/messages/?{name}={ana.bearer}", headers={"Authorization": ""})
            assert response.status_code == 401
            url = f"{service.ws_url}/ws/chat/?{name}={ana.bearer}"
            async with connect(url, additional_headers={"Cookie": "session=" + "x" * 20}) as connection:
                assert (await SocketClient(connection).wait_closed())[0] == 4401
        more: list[dict[str, Any]] = [
            {"subprotocols": ["wasgo.chat.v1", f"bearer.{ana.bearer}"]},
            {"additional_headers": {"Cookie": f"session={ana.bearer}"}},
            {"additional_headers": {"Authorization": f"Bearer {ana.bearer}"}},
        ]
        for way in more:
            async with connect(f"{service.ws_url}/ws/chat/", **way) as connection:
                live = SocketClient(connection)
                await live.receive("hello")
                assert (await live.request("refresh_token", token=ana.bearer))["type"] == "ack"
                await connection.send(b"\xff\xfe", text=True)
                assert (await live.wait_closed())[0] == 1007
        async with connect(f"{service.ws_url}/ws/chat/?ticket={ticket}") as connection:
            await SocketClient(connection).receive("hello")
        await world.close()
    written = log.read_text()
    assert '"event":"socket"' in written
    for secret in secrets:
        assert secret not in written
        assert secret.split(".")[-1] not in written
    assert '"level":"error"' not in written
