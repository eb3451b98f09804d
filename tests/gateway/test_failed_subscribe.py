"""A conversation that cannot be opened leaves no subscription behind."""

from uuid import UUID

import pytest
from redis.asyncio import Redis

from tests.support.servers import valkey_url
from tests.support.world import World, wait_for
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.gateway.broadcast.envelope import channel_of
from wasgo_chat.redis_client.target import DEFAULT_PREFIX


async def test_the_broker_subscription_is_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    channel = DEFAULT_PREFIX + channel_of(UUID(chat["id"]))

    async def has_subscribers(number: int) -> bool:
        async with Redis.from_url(valkey_url()) as redis:
            return [(channel.encode(), number)] == await redis.pubsub_numsub(channel)

    async def away(_: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(world.worker.parts.read_states, "find", away)
        async with ana.connect_raw(chat) as live:
            assert (await live.wait_closed())[0] == 1013
    await wait_for(has_subscribers, 0)
    async with ana.connect(chat):
        await wait_for(has_subscribers, 1)
