"""Current metrics of the deployment."""

from sqlalchemy import text

from tests.support.world import Person, World

PATH = "/chat/operators/figures/"
HOLD = "SELECT FROM feed_offsets WHERE consumer = 'notifications' FOR UPDATE"


async def test_connections_and_consumer_lag_are_counted(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    before = await staff.ok("GET", PATH)
    async with bo.connect(chat), ana.connect(chat):
        during = await staff.ok("GET", PATH)
    assert during["sockets"] - before["sockets"] == 2
    assert [one["reader"] for one in during["readers"]] == ["notifications"]


async def test_a_consumer_lags_by_what_it_has_not_read(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with world.worker.db.transaction() as tx:
        # As a worker that handles events and does not finish.
        await tx.execute(text(HOLD))
        for _ in range(3):
            await ana.send(chat)
        (reader,) = (await staff.ok("GET", PATH))["readers"]
        assert reader["events"] >= 3
        assert reader["conversations"] >= 1
        assert reader["oldest_at"] is not None


async def test_messages_and_their_rate_are_counted(world: World, staff: Person) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    before = await staff.ok("GET", PATH)
    async with bo.connect(chat) as live:
        for _ in range(3):
            await ana.send(chat)
            await live.wait_for("new_message")
    after = await staff.ok("GET", PATH)
    assert after["messages"] - before["messages"] >= 3
    assert after["delivery"]["count"] - before["delivery"]["count"] >= 3
    assert sum(after["delivery"]["counts"]) == after["delivery"]["count"]
