"""The limit of refused requests: a client beyond it gets 429 at once, and others do not notice."""

import asyncio
import time

from tests.support.workers import make_settings
from tests.support.world import Caller, world_with
from wasgo_chat.http.refusal_limit import DELAY_S

LIST = "/chat/conversations/"
UNKNOWN = "/chat/no/such/path/"
PROXY = ["127.0.0.1"]


async def test_refused_requests_of_a_user_have_a_limit_whatever_was_wrong(database: str) -> None:
    async with world_with(make_settings(database, rate_refused_per_minute=5)) as world:
        ana, bo = world.people("ana", "bo")
        malformed = {"content": b"{", "headers": {"Content-Type": "application/json"}}
        statuses = [
            (await ana.call("GET", UNKNOWN)).status_code,
            (await ana.call("PUT", LIST)).status_code,
            (await ana.call("POST", LIST, **malformed)).status_code,
            (await ana.call("POST", LIST, {"colour": "red"})).status_code,
            (await ana.call("GET", f"{LIST}?limit=0")).status_code,
            (await ana.call("GET", UNKNOWN)).status_code,
        ]
        assert statuses == [404, 405, 400, 422, 422, 404]
        problem = await ana.refused("GET", LIST, status=429, code="rate_limited")
        assert 0 < problem["retry_after_s"] <= 60
        await bo.ok("GET", LIST)
        for _ in range(8):
            await world.service.acting_as(bo).refused("GET", f"{LIST}?limit=0", status=422, code="invalid")
        await world.service.acting_as(bo).ok("GET", LIST)  # services act for many users


async def test_a_response_beyond_the_limit_is_delayed(database: str) -> None:
    async with world_with(make_settings(database, rate_refused_per_minute=1)) as world:
        ana, bo = world.people("ana", "bo")
        while (await ana.call("GET", UNKNOWN)).status_code != 429:
            pass
        began = time.monotonic()
        refused = asyncio.create_task(ana.refused("GET", UNKNOWN, status=429, code="rate_limited"))
        await bo.ok("GET", LIST)
        assert not refused.done()
        await refused
        assert time.monotonic() - began >= DELAY_S


async def test_429_for_rejected_tokens_is_delayed(database: str) -> None:
    settings = make_settings(database, rate_failures_per_minute=1, rate_refused_per_minute=300, trusted_proxies=PROXY)
    async with world_with(settings) as world:
        headers = {"X-Forwarded-For": "8.8.4.4"}
        statuses, took = [], []
        for number in range(3):
            began = time.monotonic()
            answer = await Caller(world, f"no.such.token{number}").call("GET", LIST, headers=headers)
            statuses.append(answer.status_code)
            took.append(time.monotonic() - began)
        assert statuses == [401, 429, 429]
        assert min(took[1:]) >= DELAY_S
        ana = world.person("ana")
        await ana.ok("GET", LIST, headers=headers)  # others at the address are served


async def test_requests_without_a_token_are_counted_by_public_address(database: str) -> None:
    settings = make_settings(database, rate_refused_per_minute=4, trusted_proxies=PROXY)
    async with world_with(settings) as world:
        ana, stranger = world.person("ana"), Caller(world, None)

        async def status(address: str) -> int:
            return (await stranger.call("GET", UNKNOWN, headers={"X-Forwarded-For": address})).status_code

        for address in ("8.8.4.4", "unknown.example"):
            statuses = [await status(address) for _ in range(16)]
            assert set(statuses[:12]) == {404}
            assert statuses[-1] == 429
        assert await status("8.8.4.4:5120") == 429  # the port is of a connection, not of a client
        assert await status("8.8.8.8") == 404
        await ana.ok("GET", LIST, headers={"X-Forwarded-For": "8.8.4.4"})
        assert {await status("10.0.0.7") for _ in range(16)} == {404}  # another proxy
