"""A conversation that cannot be opened leaves no subscription behind."""

import pytest

from tests.support.workers import redis_broker
from tests.support.world import World
from wasgo_chat.core.errors import Unavailable


async def test_the_broker_subscription_is_removed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    broker, hub = redis_broker(world.worker), world.worker.hub
    before = set(broker._channels)

    async def away(_: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patched:
        patched.setattr(hub._read_states, "find", away)
        async with ana.connect_raw(chat) as live:
            assert (await live.wait_closed())[0] == 1013
    assert set(broker._channels) == before
    async with ana.connect(chat):
        assert set(broker._channels) != before
