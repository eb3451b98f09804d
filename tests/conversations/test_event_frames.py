"""Event frames: an event of a newer release does not break this one."""

import json
from uuid import UUID

from sqlalchemy import text

from tests.support.world import World
from wasgo_chat.conversations.event_frames import read_frames
from wasgo_chat.core.encoding import encode

FUTURE_EVENT = """
WITH head AS (UPDATE conversations SET last_seq = last_seq + 1 WHERE id = :id RETURNING id, last_seq)
INSERT INTO events (conversation_id, seq, type, actor_id, data, created_at)
SELECT id, last_seq, 'poll_closed', :actor, '{"winner": 3}', clock_timestamp() FROM head
"""


async def test_an_event_of_an_unknown_type_becomes_a_frame_without_a_body(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    conversation_id = UUID(chat["id"])
    await ana.send(chat, "first")
    async with world.worker.db.transaction() as tx:
        await tx.execute(text(FUTURE_EVENT), {"id": conversation_id, "actor": ana.id})
    await bo.send(chat, "last")
    async with world.worker.db.snapshot() as tx:
        frames = await read_frames(tx, conversation_id, 0, limit=10)
    assert [frame.seq for frame in frames] == [1, 2, 3]
    assert frames[1].data == encode({"type": "poll_closed", "conversation_id": conversation_id, "seq": 2})
    async with bo.connect(chat, after_seq=0) as live:
        replayed = [json.loads(await live.connection.recv()) for _ in range(3)]
    assert [(frame["type"], frame["seq"]) for frame in replayed] == [
        ("new_message", 1),
        ("poll_closed", 2),
        ("new_message", 3),
    ]
