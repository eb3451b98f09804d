"""Clock skew: a worker days ahead or behind changes neither order nor counts, and tokens expire on time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from tests.support.workers import Worker
from tests.support.world import Person, World
from wasgo_chat.core import encoding
from wasgo_chat.gateway.delivery import hub
from wasgo_chat.identity.tokens import mint_user

DAYS_3 = 3 * 86_400


@contextmanager
def uuids_at(monkeypatch: pytest.MonkeyPatch, shift_s: float) -> Iterator[None]:
    """While the block runs, ids carry another time: no operation uses the clock of the process otherwise."""
    with monkeypatch.context() as patch:
        patch.setattr(encoding, "uuid7", lambda: UUID(int=uuid7().int + (int(shift_s * 1000) << 80)))
        yield


@pytest.mark.parametrize("shift_s", [DAYS_3, -DAYS_3])
async def test_three_days_of_skew_change_no_order_and_no_unread_count(
    world: World, other_worker: Worker, monkeypatch: pytest.MonkeyPatch, shift_s: float
) -> None:
    ana, bo = world.people("ana", "bo")
    first, second = await ana.direct(bo), await ana.direct(world.person("cy"))
    async with ana.connect(first, other_worker) as there, bo.connect(first) as live:
        for number in range(3):
            await ana.send(first, f"right {number}")
            with uuids_at(monkeypatch, shift_s):
                assert (await there.request("send_message", content=f"skewed {number}"))["type"] == "ack"
                await ana.send(second, "elsewhere")
        words = [word for number in range(3) for word in (f"right {number}", f"skewed {number}")]
        frames = [await live.wait_for("new_message") for _ in words]
    assert [frame["message"]["content"] for frame in frames] == words
    history = await bo.history(first, after_seq=0)
    assert [message["content"] for message in history] == words
    moments = [message["created_at"] for message in history]
    assert moments == sorted(moments)
    assert (await bo.get_conversation(first))["unread_count"] == len(words)
    with uuids_at(monkeypatch, shift_s):
        await bo.ok("POST", f"/chat/messages/{history[3]['id']}/mark_read/")
    assert (await bo.get_conversation(first))["unread_count"] == len(words) - 1
    listed = await ana.ok("GET", "/chat/conversations/")
    assert [one["id"] for one in listed["results"]] == [second["id"], first["id"]]
    assert [one["seq"] for one in await bo.events(first)] == list(range(1, len(words) + 1))


async def test_a_token_expires_by_the_wall_clock_even_after_the_clock_was_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    hour = Person(world, ana.id, "ana", mint_user(world.worker.settings, ana.id, ttl_s=3600))
    async with hour.connect(chat) as live:
        set_forward = SimpleNamespace(time=lambda: time.time() + 3601, monotonic=time.monotonic)
        with monkeypatch.context() as patch:
            patch.setattr(hub, "time", set_forward)
            assert (await live.wait_closed())[0] == 4401
