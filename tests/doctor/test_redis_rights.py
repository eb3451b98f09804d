"""Redis with restricted users, with TLS, and shared by two deployments."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.doctor.test_doctor import said
from tests.support.redis_servers import cluster
from tests.support.tls import self_signed
from tests.support.workers import make_settings, running
from tests.support.world import World, wait_until
from wasgo_chat.development.embedded import Valkey
from wasgo_chat.doctor import redis
from wasgo_chat.settings.config import Settings

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def documented_rights() -> tuple[list[str], list[str]]:
    """The rights of one server, and the additional ones of a cluster, as documented."""
    section = OPERATIONS.read_text().partition("### Rights in Redis\n")[2].partition("\n#")[0]
    single, more = re.findall(r"```\n(.*?)```", section, re.DOTALL)
    words = single.split()
    assert words[:3] == ["ACL", "SETUSER", "chat"]
    return [">x" if word == ">PASSWORD" else word for word in words[3:]], more.split()


async def set_user(client: "Redis", *rights: str) -> None:
    await client.execute_command("ACL", "SETUSER", "chat", *rights)  # type: ignore[no-untyped-call]  # the library has no types


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    """A server with a user `chat` that has the documented rights."""
    server = Valkey()
    await asyncio.to_thread(server.start)
    async with Redis.from_url(server.url) as admin:
        await set_user(admin, *documented_rights()[0])
    yield server
    await asyncio.to_thread(server.stop)


def as_chat(server: Valkey) -> str:
    return server.url.replace("redis://", "redis://chat:x@")


async def test_the_documented_rights_suffice(valkey: Valkey, database: str) -> None:
    findings = await redis.check(Settings(redis_url=as_chat(valkey)))
    assert said(findings, "error") == ""
    assert "its version cannot be read, because INFO is not allowed" in said(findings, "ok")
    assert "may run every command" in said(findings, "ok")
    given = make_settings(database, redis_url=as_chat(valkey), message_rate=100)
    with capture_logs() as logged:
        async with running(given) as one, running(given) as two:
            world = World(one)
            ana, bo = world.people("ana", "bo")
            chat = await world.job(participant=ana, participant_2=bo)
            async with bo.connect(chat, two) as socket:
                await ana.send(chat, "over Redis")
                await socket.wait_for("new_message")
                path = f"/chat/presence/?user_ids={bo.id}"
                await wait_until_online(ana, path)
            await world.close()
    failed = {"redis_unavailable", "rate_limits_local", "presence_local_only", "presence_failed"}
    assert [line for line in logged if line["event"] in failed] == []


async def wait_until_online(person: Any, path: str) -> None:
    async with asyncio.timeout(10):
        while not all(one["online"] for one in (await person.ok("GET", path))["results"]):  # noqa: ASYNC110  polling is the point
            await asyncio.sleep(0.02)


async def test_each_missing_right_is_named(valkey: Valkey) -> None:
    settings = Settings(redis_url=as_chat(valkey))
    async with Redis.from_url(valkey.url) as admin:
        for name in ("publish", "subscribe", "pubsub|numsub", "evalsha", "zadd", "rename", "incrby"):
            await set_user(admin, f"-{name}")
            found = said(await redis.check(settings), "error")
            assert "The Redis user lacks a permission" in found, name
            assert name.split("|")[0] in found, name
            await set_user(admin, f"+{name}")
        await set_user(admin, "resetkeys", "~other:*")
        assert "lacks a permission" in said(await redis.check(settings), "error")
        other = settings.model_copy(update={"redis_prefix": "other:"})
        await set_user(admin, "~{other:*", "&other:*")
        assert said(await redis.check(other), "error") == ""


async def test_the_documented_rights_suffice_in_a_cluster() -> None:
    async with cluster() as made:
        single, more = documented_rights()
        for node in made.nodes:
            async with Redis(port=node.port) as admin:
                await set_user(admin, *single, *more)
        url = made.url.replace("redis+cluster://", "redis+cluster://chat:x@")
        assert said(await redis.check(Settings(redis_url=url)), "error") == ""
        for node in made.nodes:
            async with Redis(port=node.port) as admin:
                await set_user(admin, "-spublish")
        assert "lacks a permission" in said(await redis.check(Settings(redis_url=url)), "error")


@asynccontextmanager
async def with_tls(server: Valkey, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """A TLS proxy in front of a server that was built without it: its port and its certificate."""
    own = self_signed(folder, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.file, own.key)

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, outside = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(pipe(reader, outside), pipe(inside, writer), return_exceptions=True)

    listening = await asyncio.start_server(serve, "localhost", 0, ssl=context)
    try:
        yield listening.sockets[0].getsockname()[1], own.file
    finally:
        listening.close()


async def test_tls_problems_are_told_apart_from_a_server_that_does_not_respond(valkey: Valkey, tmp_path: Path) -> None:
    async with with_tls(valkey, tmp_path) as (port, certificate):
        url = f"rediss://localhost:{port}/0"
        assert "certificate of Redis is not trusted" in said(await redis.check(Settings(redis_url=url)), "error")
        trusted = Settings(redis_url=f"{url}?ssl_ca_certs={certificate}")
        assert said(await redis.check(trusted), "error") == ""
        plain = await redis.check(Settings(redis_url=f"redis://localhost:{port}/0"))
        assert "rediss:// if it uses TLS" in plain[0].remedy


async def test_the_service_logs_why_redis_is_unavailable(valkey: Valkey, database: str) -> None:
    async with Redis.from_url(valkey.url) as admin:
        await set_user(admin, "-subscribe")
    with capture_logs() as logged:
        async with running(make_settings(database, redis_url=as_chat(valkey))):
            await wait_until(lambda: any(line["event"] == "redis_unavailable" for line in logged))
    (line, *_) = [line for line in logged if line["event"] == "redis_unavailable"]
    assert "lacks a permission" in line["reason"]
    assert "subscribe" in line["reason"]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("rediss://h/0?ssl_ca_certs=/nonexist/ca.pem", "names a file that cannot be used: /nonexist/ca.pem"),
        ("redis://h/0?color=red", "has unknown options: color"),
        ("rediss+cluster://h?ssl_cert_reqs=perhaps", "has an invalid ssl_cert_reqs"),
    ],
)
def test_wrong_options_of_the_url_are_reported_by_name(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        Settings(redis_url=url)


async def test_deployments_with_different_prefixes_share_a_server_and_nothing_else(
    valkey: Valkey, database: str
) -> None:
    one_settings = make_settings(database, redis_url=valkey.url)
    other_settings = make_settings(database, redis_url=valkey.url, redis_prefix="shop-2:", message_rate=100)
    async with running(one_settings) as one, running(other_settings) as other:
        world = World(one)
        ana, bo = world.people("ana", "bo")
        chat = await world.job(participant=ana, participant_2=bo)
        async with bo.connect(chat):
            path = f"/chat/presence/?user_ids={bo.id}"
            await wait_until_online(ana, path)
            there = World(other)
            stranger = there.make_service("platform", "chat:act_as").acting_as(ana)
            shown = await stranger.ok("GET", path)
            assert [one["online"] for one in shown["results"]] == [False]
            await stranger.ok("POST", "/chat/messages/", {"conversation": chat["id"], "content": "hi"}, status=201)
            await there.close()
        await world.close()
        async with Redis.from_url(valkey.url) as admin:
            keys = {key.decode().lstrip("{") async for key in admin.scan_iter()}
    assert keys
    assert all(key.startswith(("wasgo:", "shop-2:")) for key in keys), keys
    assert any(key.startswith("shop-2:limits") for key in keys), keys
