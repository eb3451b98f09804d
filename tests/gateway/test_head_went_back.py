"""After a failover the log may end before what was told: sockets are told to begin again, and go on from there."""

from sqlalchemy import text

from tests.gateway.test_resume import seqs, talk
from tests.support.world import World

FORGET = (
    "DELETE FROM events WHERE conversation_id = :id AND seq > 2",
    "DELETE FROM messages WHERE conversation_id = :id AND seq > 2",
    "UPDATE conversations SET last_seq = 2, message_count = 2 WHERE id = :id",
)


async def test_a_log_that_lost_its_end_is_a_resync_and_goes_on(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    async with bo.at(chat) as live:
        await talk(ana, chat, 4)
        assert await seqs(live, 4) == [1, 2, 3, 4]
        async with world.worker.db.transaction() as tx:
            for statement in FORGET:
                await tx.execute(text(statement), {"id": chat["id"]})
        assert (await live.receives("resync"))["last_seq"] == 2
        await talk(ana, chat, 2)
        assert await seqs(live, 4) == [3, 4]
    async with bo.at(chat, after_seq=2) as live:
        assert await seqs(live, 4) == [3, 4]
