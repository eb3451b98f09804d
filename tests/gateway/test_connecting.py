"""Connecting: the four ways to authenticate, and every rejection with its close code."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.workers import make_settings
from tests.support.world import Json, Person, SocketClient, World, world_with
from wasgo_chat.core.encoding import new_id
from wasgo_chat.identity.tokens import mint_user


def url(world: World, chat: Json, query: str = "") -> str:
    return f"{world.worker.ws_url}/ws/chat/{chat['id']}/{query}"


@pytest.fixture
async def ana(world: World) -> Person:
    return world.person("ana")


@pytest.fixture
async def chat(world: World, ana: Person) -> Json:
    return await ana.direct(world.person("bo"))


async def test_a_token_as_subprotocol_connects(world: World, ana: Person, chat: Json) -> None:
    protocols: list[Any] = ["wasgo.chat.v1", f"bearer.{ana.bearer}"]
    async with connect(url(world, chat), subprotocols=protocols) as connection:
        assert connection.subprotocol == "wasgo.chat.v1"
        assert (await SocketClient(connection).receive("hello"))["user_id"] == ana.id


async def test_a_ticket_connects_once(world: World, ana: Person, chat: Json) -> None:
    ticket = (await ana.ok("POST", "/chat/ws_tickets/", status=201))["ticket"]
    async with connect(url(world, chat, f"?ticket={ticket}")) as connection:
        assert (await SocketClient(connection).receive("hello"))["user_id"] == ana.id
    async with connect(url(world, chat, f"?ticket={ticket}")) as connection:
        assert (await SocketClient(connection).wait_closed())[0] == 4401


async def test_a_ticket_expires(world: World, database: str) -> None:
    async with world_with(make_settings(database, ticket_ttl_s=1)) as there:
        ana, bo = there.people("ana", "bo")
        chat = await ana.direct(bo)
        issued = await ana.ok("POST", "/chat/ws_tickets/", status=201)
        async with there.worker.db.transaction() as tx:
            await tx.execute(text("UPDATE socket_tickets SET expires_at = expires_at - interval '1 minute'"))
        async with connect(url(there, chat, f"?ticket={issued['ticket']}")) as connection:
            assert (await SocketClient(connection).wait_closed())[0] == 4401


async def test_a_cookie_connects_where_one_is_configured(database: str) -> None:
    async with world_with(make_settings(database, cookie_name="session")) as there:
        ana, bo = there.people("ana", "bo")
        chat = await ana.direct(bo)
        headers = {"Cookie": f"session={ana.bearer}"}
        async with connect(url(there, chat), additional_headers=headers) as connection:
            assert (await SocketClient(connection).receive("hello"))["user_id"] == ana.id


@pytest.mark.parametrize("query", ["", "?token={bearer}", "?ticket={bearer}", "?ticket=no", "?ticket=%00"])
async def test_a_token_in_the_query_and_no_token_at_all_are_4401(
    world: World, ana: Person, chat: Json, query: str
) -> None:
    async with connect(url(world, chat, query.format(bearer=ana.bearer))) as connection:
        assert (await SocketClient(connection).wait_closed())[0] == 4401


@pytest.mark.parametrize(
    ("query", "name"), [("?after_sq=1", "after_sq"), ("?after_seq=0&token=x", "token"), ("?a%20b=1", "?")]
)
async def test_an_unknown_query_parameter_is_4400(world: World, ana: Person, chat: Json, query: str, name: str) -> None:
    headers = {"Authorization": f"Bearer {ana.bearer}"}
    async with connect(url(world, chat, query), additional_headers=headers) as connection:
        assert await SocketClient(connection).wait_closed() == (4400, f"unknown query parameter {name}")
    async with connect(f"{world.worker.ws_url}/ws/chat/?after_seq=1", additional_headers=headers) as connection:
        assert (await SocketClient(connection).wait_closed())[0] == 4400


async def test_a_foreign_an_unknown_and_a_malformed_conversation_are_4404_alike(world: World, chat: Json) -> None:
    cy = world.person("cy")
    answers = []
    for conversation_id in (chat["id"], str(new_id()), "not-an-id"):
        async with cy.connect_raw({"id": conversation_id}) as live:
            answers.append(await live.wait_closed())
    assert answers == [(4404, "no such conversation")] * 3


async def test_the_origin_of_the_service_itself_is_accepted(world: World, ana: Person, chat: Json) -> None:
    headers = {"Authorization": f"Bearer {ana.bearer}"}
    async with connect(url(world, chat), additional_headers={**headers, "Origin": world.worker.url}) as connection:
        assert json.loads(await connection.recv())["type"] == "hello"
    for origin in (world.worker.url.replace("http:", "https:"), "http://127.0.0.1", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus):
            await connect(url(world, chat), additional_headers={**headers, "Origin": origin})


async def test_the_own_origin_is_that_which_a_trusted_proxy_names(database: str) -> None:
    async with world_with(make_settings(database, trusted_proxies=["127.0.0.1"])) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        headers = {"Authorization": f"Bearer {ana.bearer}", "X-Forwarded-Proto": "https"}
        for origin in ("https://chat.example", "HTTPS://Chat.example"):
            address, at = f"ws://Chat.example:443/ws/chat/{chat['id']}/", ("127.0.0.1", world.worker.port)
            more = {**headers, "Origin": origin}
            async with connect(address, host=at[0], port=at[1], additional_headers=more) as connection:
                assert json.loads(await connection.recv())["type"] == "hello"


async def test_a_foreign_origin_is_rejected_before_the_handshake(world: World, ana: Person, chat: Json) -> None:
    headers = {"Authorization": f"Bearer {ana.bearer}"}
    for origin in ("https://evil.example", "https://app.example.evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            await connect(url(world, chat), additional_headers={**headers, "Origin": origin})
        assert refused.value.response.status_code == 403
        assert "origin" in json.loads(refused.value.response.body)["detail"]
    async with connect(url(world, chat), additional_headers={**headers, "Origin": "https://app.example"}) as connection:
        await SocketClient(connection).receive("hello")


async def test_a_path_without_a_socket_is_404(
    world: World, ana: Person, chat: Json, caplog: pytest.LogCaptureFixture
) -> None:
    for path in (url(world, chat).rstrip("/"), url(world, chat).replace("/ws/chat/", "/ws/talk/")):
        with pytest.raises(InvalidStatus) as refused:
            await connect(path, additional_headers={"Authorization": f"Bearer {ana.bearer}"})
        assert refused.value.response.status_code == 404
        assert "slash" in json.loads(refused.value.response.body)["detail"]
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_a_socket_closes_with_its_token_unless_that_is_refreshed(world: World, ana: Person, chat: Json) -> None:
    settings = world.worker.settings
    short = Person(world, ana.id, "ana", mint_user(settings, ana.id, ttl_s=2))
    async with short.connect(chat) as left, short.connect(chat) as kept:
        longer = mint_user(settings, ana.id, ttl_s=600)
        assert (await kept.request("refresh_token", token=longer))["type"] == "ack"
        other = mint_user(settings, "somebody-else", ttl_s=600)
        assert (await kept.request("refresh_token", token=other))["code"] == "unauthenticated"
        code, _ = await left.wait_closed()
        assert code == 4401
        assert (await kept.request("send_message", content="still here"))["type"] == "ack"


async def test_revoking_a_user_closes_their_sockets(world: World, ana: Person, chat: Json) -> None:
    async with ana.connect(chat) as live:
        await world.service.ok("POST", f"/chat/users/{ana.id}/revoke/")
        assert (await live.wait_closed())[0] == 4401
    async with ana.connect_raw(chat) as again:
        assert (await again.wait_closed())[0] == 4401
    fresh = Person(world, ana.id, "ana", mint_user(world.worker.settings, ana.id, ttl_s=60))
    async with fresh.connect(chat):
        pass


async def test_a_user_has_a_limited_number_of_sockets(database: str) -> None:
    async with world_with(make_settings(database, max_sockets_per_user=1)) as there:
        ana, bo = there.people("ana", "bo")
        chat = await ana.direct(bo)
        async with ana.connect(chat), ana.connect_raw(chat) as second:
            code, reason = await second.wait_closed()
            assert code == 4429
            assert "retry after" in reason


async def test_after_seq_must_be_a_number(world: World, ana: Person, chat: Json) -> None:
    for wrong in ("x", "1.5", "", "9" * 30):
        async with ana.connect_raw(chat, after_seq=wrong) as live:
            assert (await live.wait_closed())[0] == 4400


async def test_many_sockets_opened_at_once_all_get_in(world: World, ana: Person, chat: Json) -> None:
    async def greeted() -> str:
        async with ana.connect(chat) as live:
            return str(live.hello["user_id"])

    assert await asyncio.gather(*(greeted() for _ in range(15))) == [ana.id] * 15
