"""Input that is much more expensive to process than other input of the same size, for reasons inside of libraries."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from tests.attack.bodies import alike_ids
from tests.support.world import World
from wasgo_chat.core.encoding import clean_json, new_id, strip_blank
from wasgo_chat.gateway.command_registry import MalformedFrame
from wasgo_chat.gateway.commands import COMMANDS


def cpu_s(work: Callable[[], Any]) -> float:
    """CPU time of this thread for some work: the least of three times."""
    found = []
    for _ in range(3):
        began = time.thread_time()
        work()
        found.append(time.thread_time() - began)
    return min(found)


def test_a_set_of_ids_with_equal_hashes_takes_long() -> None:
    """A control: without that, the other tests would test nothing."""
    ids = [UUID(one) for one in alike_ids(1_500)]
    assert cpu_s(lambda: set(ids)) > 10 * cpu_s(lambda: set(new_ids(1_500)))


def new_ids(count: int) -> list[Any]:
    return [new_id() for _ in range(count)]


async def test_ids_with_equal_hashes_take_no_longer_than_others(world: World) -> None:
    ana = world.person("ana")
    took = []
    for ids in ([str(new_id()) for _ in range(3_300)], alike_ids(3_300)):
        began = time.thread_time()  # the worker runs in this thread
        problem = await ana.refused(
            "POST", "/chat/messages/mark_multiple_read/", {"message_ids": ids}, status=422, code="invalid"
        )
        took.append(time.thread_time() - began)
        assert problem["errors"][0]["code"] == "too_long"
    assert took[1] < took[0] + 0.15  # a set of them takes 0.4 s


def test_numbers_that_are_slow_to_convert_take_no_longer_than_others() -> None:
    def parsing(number: str) -> float:
        frame = '{"type":"typing","metadata":{"x":[' + ",".join([number] * 9_000) + "]}}"

        def parse() -> None:
            with pytest.raises(MalformedFrame):
                COMMANDS.parse(frame)

        return cpu_s(parse)

    assert parsing("1e308") < 5 * parsing("1.5e10")  # with the conversion of msgspec: 40 times as long


def test_metadata_that_is_too_large_is_not_examined() -> None:
    small = json.loads(json.dumps({"x": ["\r"] * 1_000}))
    large = json.loads(json.dumps({"x": [[[]]] * 20_000}))
    assert clean_json(small, max_bytes=8_192, max_depth=8) is None
    assert small == {"x": ["\n"] * 1_000}
    assert clean_json(large, max_bytes=8_192, max_depth=8) == "is larger than 8192 bytes"
    assert cpu_s(lambda: clean_json(large, max_bytes=8_192, max_depth=8)) < 0.005


def test_invisible_characters_inside_of_a_name_are_no_work() -> None:
    name = "a" + "\u200b" * 100_000 + "b"
    assert strip_blank(f"\u00a0\u2062{name}\ufeff ") == name
    assert cpu_s(lambda: strip_blank(name)) < 0.05  # a pattern for the ends takes minutes
