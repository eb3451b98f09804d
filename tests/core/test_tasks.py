"""The loop of background tasks: it survives errors, waits between steps, and is woken early."""

import asyncio

import pytest

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.tasks import cancel_and_wait, forever


async def test_a_step_that_fails_is_logged_and_repeated(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[Exception] = [Unavailable(), OSError("gone"), ValueError("a bug")]
    finished = asyncio.Event()

    async def step() -> None:
        if errors:
            raise errors.pop(0)
        finished.set()

    loop = asyncio.create_task(forever(step, failure="step_failed", expected=(OSError,), part="test"))
    async with asyncio.timeout(5):
        await finished.wait()
    await cancel_and_wait(loop)
    records = [record for record in caplog.records if "step_failed" in record.getMessage()]
    assert [record.levelname for record in records] == ["WARNING", "WARNING", "ERROR"]
    assert "unavailable" in records[0].getMessage()
    assert "OSError" in records[1].getMessage()


async def test_a_wake_up_during_a_step_is_not_lost() -> None:
    wake = asyncio.Event()
    steps = 0
    twice = asyncio.Event()

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 1:
            wake.set()
        else:
            twice.set()

    loop = asyncio.create_task(forever(step, failure="step_failed", every_s=3600, wake=wake))
    async with asyncio.timeout(5):
        await twice.wait()
    await cancel_and_wait(loop)
    assert steps == 2


async def test_the_delay_between_steps_is_asked_for_each_time() -> None:
    delays = [0.0, 0.0, 3600.0]
    asked: list[float] = []
    asked_thrice = asyncio.Event()

    def delay() -> float:
        asked.append(delays[len(asked)])
        if len(asked) == len(delays):
            asked_thrice.set()
        return asked[-1]

    async def step() -> None:
        pass

    loop = asyncio.create_task(forever(step, failure="step_failed", every_s=delay))
    async with asyncio.timeout(5):
        await asked_thrice.wait()
    await cancel_and_wait(loop)
    assert asked == delays
