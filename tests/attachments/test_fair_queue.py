"""Turns of users, and the memory that operations share."""

import asyncio

import pytest

from wasgo_chat.attachments.upload.decoder.fair_queue import FairQueue, MemoryBudget


class Turns:
    """Starts turns that end when told to, and records in which order they began."""

    def __init__(self, size: int) -> None:
        self.queue = FairQueue(size)
        self.began: list[str] = []
        self.running: list[tuple[str, asyncio.Event]] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, *users: str) -> None:
        for user in users:
            self.tasks.append(asyncio.create_task(self._turn(user)))
        await settle()

    async def _turn(self, user: str) -> None:
        end = asyncio.Event()
        async with self.queue.turn(user):
            self.began.append(user)
            self.running.append((user, end))
            await end.wait()

    async def end_one(self) -> None:
        self.running.pop(0)[1].set()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_user_who_waits_for_many_turns_delays_another_by_one() -> None:
    turns = Turns(1)
    await turns.ask(*["eve"] * 80, "ana")
    assert turns.began == ["eve"]
    await turns.end_one()
    assert turns.began == ["eve", "ana"]
    await turns.ask("bo", "ana")
    for _ in range(4):
        await turns.end_one()
    assert turns.began == ["eve", "ana", "eve", "bo", "ana", "eve"]
    for task in turns.tasks:
        task.cancel()


async def test_no_user_takes_all_places() -> None:
    turns = Turns(2)
    await turns.ask("eve", "eve", "eve")
    assert turns.began == ["eve"]
    await turns.ask("ana")
    assert turns.began == ["eve", "ana"]
    await turns.end_one()
    await turns.end_one()
    await turns.end_one()
    assert turns.began == ["eve", "ana", "eve", "eve"]
    await turns.end_one()
    assert all(task.done() for task in turns.tasks)


@pytest.mark.parametrize("is_running", [True, False])
async def test_a_cancelled_turn_passes_on(is_running: bool) -> None:
    turns = Turns(1)
    await turns.ask("ana", "bo", "cy")
    turns.tasks[0 if is_running else 1].cancel()
    await settle()
    if not is_running:
        await turns.end_one()
    assert turns.began[-1] == ("bo" if is_running else "cy")
    for task in turns.tasks:
        task.cancel()


async def test_a_turn_that_is_cancelled_as_it_is_given_passes_on() -> None:
    turns = Turns(1)
    await turns.ask("ana", "bo", "cy")
    turns.running.pop(0)[1].set()
    await asyncio.sleep(0)  # ana has ended and bo has the turn, but does not run yet
    turns.tasks[1].cancel()
    await settle()
    assert turns.began[-1] == "cy"
    for task in turns.tasks:
        task.cancel()


async def test_memory_is_given_in_order_and_never_beyond_its_size() -> None:
    budget = MemoryBudget(100)
    held: list[int] = []
    ends = [asyncio.Event() for _ in range(4)]

    async def hold(index: int, amount: int) -> None:
        async with budget.hold(amount):
            held.append(index)
            await ends[index].wait()

    tasks = [asyncio.create_task(hold(index, amount)) for index, amount in enumerate((60, 90, 10, 30))]
    await settle()
    assert held == [0]  # the third would fit, but the second came first
    ends[0].set()
    await settle()
    assert held == [0, 1, 2]
    tasks[1].cancel()
    await settle()
    assert held == [0, 1, 2, 3]
    for event in ends:
        event.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with budget.hold(100):
        pass
