"""Rate limits: clients above a limit are told to wait, counting delays no request, and addresses cannot be forged."""

import asyncio
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from tests.support.workers import make_settings
from tests.support.world import Person, world_with
from wasgo_chat.core.encoding import new_id
from wasgo_chat.core.errors import RateLimited
from wasgo_chat.development.embedded import Valkey
from wasgo_chat.http.gcra import GcraLimiter
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.settings.config import Settings

ARCHIVE = "/chat/notifications/mark_all_read/"
LISTS = "/chat/notifications/"
STRICT: dict[str, Any] = {
    "rate_reads_per_minute": 3,
    "rate_writes_per_minute": 2,
    "rate_uploads_per_minute": 1,
    "rate_tickets_per_minute": 1,
    "rate_frames_per_minute": 2,
    "rate_address_per_minute": 8,
    "rate_failures_per_minute": 2,
    "max_bad_frames": 3,
    "trusted_proxies": ["127.0.0.1"],
}


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    own = Valkey()
    own.start()
    yield own
    own.stop()


async def too_many(person: Person, method: str, path: str, body: Any = None, **more: Any) -> None:
    problem = await person.refused(method, path, body, status=429, code="rate_limited", **more)
    answer = await person.call(method, path, body, **more)
    assert int(answer.headers["retry-after"]) >= 1
    assert 0 < problem["retry_after_s"] <= 60


async def test_each_kind_of_request_has_its_own_limit_for_each_user(database: str) -> None:
    async with world_with(make_settings(database, **STRICT)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await world.job(admin=ana, participant=bo)
        for _ in range(3):
            await ana.ok("GET", LISTS)
        await too_many(ana, "GET", LISTS)
        for _ in range(2):
            await ana.ok("POST", ARCHIVE)
        await too_many(ana, "POST", ARCHIVE)
        await ana.ok("POST", "/chat/ws_tickets/", status=201)
        await too_many(ana, "POST", "/chat/ws_tickets/")
        for status in (201, 429):
            form: Any = {"data": {"conversation": chat["id"]}, "files": {"file": ("a.txt", b"a")}}
            assert (await ana.call("POST", "/chat/attachments/", **form)).status_code == status
        for number in range(4):
            await ana.send(chat, str(number))  # counted by MESSAGE_RATE only
        await bo.ok("POST", ARCHIVE)
        for _ in range(5):
            await world.service.acting_as(bo).ok("GET", LISTS)  # a service acts for many users


async def test_addresses_are_taken_from_a_trusted_proxy_only(database: str) -> None:
    def at(address: str) -> dict[str, Any]:
        return {"headers": {"X-Forwarded-For": address}}

    async with world_with(make_settings(database, **{**STRICT, "rate_reads_per_minute": 0})) as world:
        ana, bo = world.people("ana", "bo")
        for person in (ana, bo) * 4:
            await person.ok("GET", LISTS, **at("8.8.4.4"))
        await too_many(ana, "GET", LISTS, **at("8.8.4.4"))
        await ana.ok("GET", LISTS, **at("8.8.8.8"))
        for host in range(8):
            await ana.ok("GET", LISTS, **at(f"2001:4860:4860::{host}"))
        await too_many(ana, "GET", LISTS, **at("2001:4860:4860::8888"))
        for _ in range(9):
            await ana.ok("GET", LISTS, **at("10.0.0.7"))  # not public: another proxy
    async with world_with(
        make_settings(database, **{**STRICT, "rate_reads_per_minute": 0, "trusted_proxies": []})
    ) as world:
        ana = world.person("ana")
        for _ in range(9):
            await ana.ok("GET", LISTS, **at("8.8.4.4"))  # any client can send this


async def test_rejected_tokens_are_counted_by_address_and_valid_ones_still_pass(database: str) -> None:
    async with world_with(make_settings(database, **STRICT)) as world:
        ana = world.person("ana")
        there = {"X-Forwarded-For": "8.8.4.4"}
        bad = {**there, "Authorization": "Bearer no.such.token"}
        statuses = [(await ana.call("GET", LISTS, headers=bad)).status_code for _ in range(4)]
        assert statuses == [401, 401, 429, 429]
        await ana.ok("GET", LISTS, headers=there)


async def test_other_frames_have_a_limit_and_exceeding_it_closes_the_socket(database: str) -> None:
    async with world_with(make_settings(database, **STRICT)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await world.job(admin=ana, participant=bo)
        async with ana.connect(chat) as live:
            for _ in range(2):
                assert (await live.request("typing"))["type"] == "ack"
            refused = await live.request("typing")
            assert (refused["code"], refused["retry_after_s"] > 0) == ("rate_limited", True)
            assert (await live.request("send_message", content="still heard"))["type"] == "ack"
            for _ in range(3):
                await live.send("typing")
            code, reason = await live.wait_closed()
        assert code == 4429
        assert reason.startswith("too fast; retry after ")


async def test_workers_count_together_in_one_round_trip(database: str, valkey: Valkey) -> None:
    settings = make_settings(database, **{**STRICT, "rate_writes_per_minute": 4, "redis_url": valkey.url})
    here, there = RateLimits(settings), RateLimits(settings)
    redis = Redis.from_url(valkey.url)
    await here.count_request("warm", "write")
    await there.count_request("warm", "write")
    before = await redis.info("commandstats")
    for limits in (here, there, here, there):
        await limits.count_request("ana", "write")
    for limits in (here, there):
        with pytest.raises(RateLimited):
            await limits.count_request("ana", "write")
    after = await redis.info("commandstats")
    sent = {name: stats["calls"] - before.get(name, {"calls": 0})["calls"] for name, stats in after.items()}
    assert sent["cmdstat_evalsha"] == 6
    for one in (here, there):
        await one.close()
    await redis.aclose()


async def test_a_frozen_redis_delays_nobody_and_limits_still_apply(database: str, valkey: Valkey) -> None:
    limits = RateLimits(make_settings(database, **{**STRICT, "redis_url": valkey.url}))
    await limits.count_request("ana", "write")
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(2):
            await limits.count_request("ana", "write")
            for _ in range(100):  # only the first waited
                with pytest.raises(RateLimited):
                    await limits.count_request("ana", "write")
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
        await limits.close()


def test_a_rate_allows_a_burst_and_then_an_even_pace() -> None:
    now = [100.0]
    pace = GcraLimiter(3, 60, clock=lambda: now[0])
    assert [pace.hit("a") for _ in range(4)] == [0.0, 0.0, 0.0, 20.0]
    assert pace.hit("b") == 0.0
    now[0] += 20
    assert (pace.hit("a"), pace.hit("a")) == (0.0, 20.0)
    assert GcraLimiter(0).hit("a") == 0.0


def test_trusting_every_address_is_rejected() -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=["*"])
    assert Settings(trusted_proxies=["10.0.0.0/8", "::1"]).trusted_proxies == ["10.0.0.0/8", "::1"]


async def test_a_list_of_conversations_counts_as_several_reads(database: str) -> None:
    async with world_with(make_settings(database, rate_reads_per_minute=20)) as world:
        ana, bo = world.people("ana", "bo")
        chats = "/chat/conversations/"
        for _ in range(2):
            await ana.ok("GET", chats, params={"limit": 100})  # counts as 11
        await too_many(ana, "GET", chats, params={"limit": 1})
        for _ in range(18):
            await bo.ok("GET", chats, params={"limit": 1})


async def test_pages_count_by_what_they_may_have(database: str) -> None:
    async with world_with(make_settings(database, rate_reads_per_minute=20)) as world:
        people = ana, bo, cy = world.people("ana", "bo", "cy")
        chat = await world.job(admin=ana, participant=bo, participant_2=cy)
        conversation = f"/chat/conversations/{chat['id']}/"
        for person, path, allowed in zip(
            people,
            (f"{conversation}events/?limit=100", conversation, f"/chat/messages/?conversation={chat['id']}&limit=100"),
            (4, 7, 7),  # they count as 5, 3 and 3
            strict=True,
        ):
            for _ in range(allowed):
                await person.ok("GET", path)
            await too_many(person, "GET", path)


async def test_concurrent_reads_of_a_user_wait_in_turn_and_others_do_not(database: str) -> None:
    async with world_with(make_settings(database, max_concurrent_reads=2, rate_reads_per_minute=0)) as world:
        ana, bo = world.people("ana", "bo")
        turns = world.worker.app.state.worker.user_turns
        held: list[dict[str, Any]] = [{}, {}]
        for scope in held:
            await turns.acquire(scope, ana.id)
        waiting = [asyncio.create_task(ana.call("GET", LISTS, timeout=60)) for _ in range(60)]
        refused, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await bo.ok("GET", LISTS)
        await ana.ok("POST", ARCHIVE)
        assert {task.result().status_code for task in refused} == {429}
        for scope in held:
            turns.release(scope)
        statuses = [response.status_code for response in await asyncio.gather(*waiting)]
        assert (statuses.count(200), statuses.count(429)) == (50, 10)
        await ana.ok("GET", LISTS)


async def test_a_user_gets_two_lists_of_conversations_at_a_time(database: str) -> None:
    async with world_with(make_settings(database, rate_reads_per_minute=0)) as world:
        ana, bo = world.people("ana", "bo")
        turns = world.worker.app.state.worker.user_turns
        held: list[dict[str, Any]] = [{}, {}]
        for scope in held:
            await turns.acquire(scope, ana.id, "list")
        waiting = asyncio.create_task(ana.call("GET", "/chat/conversations/", timeout=60))
        await ana.ok("GET", LISTS)
        await bo.ok("GET", "/chat/conversations/")
        assert not waiting.done()
        turns.release(held[0])
        assert (await waiting).status_code == 200
        turns.release(held[1])


async def test_messages_to_many_conversations_have_a_limit_together(database: str) -> None:
    """Also to unknown ones: a client can invent as many ids as it likes."""
    async with world_with(make_settings(database, message_rate=100, rate_messages_per_minute=4)) as world:
        ana, bo = world.people("ana", "bo")
        known = await ana.direct(bo)
        await ana.send(known, "one")
        async with ana.connect(known) as live:
            assert (await live.request("send_message", content="two"))["type"] == "ack"
        path = "/chat/messages/"
        for _ in range(2):
            await ana.refused(
                "POST", path, {"conversation": str(new_id()), "content": "x"}, status=404, code="not_found"
            )
        for conversation in (str(new_id()), known["id"]):
            body = {"conversation": conversation, "content": "x"}
            await ana.refused("POST", path, body, status=429, code="rate_limited")
        await bo.send(known, "others may")
