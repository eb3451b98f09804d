"""Old conversations, created by an import, with their notifications."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from wasgo_chat.data_import.format import conversation_id_of
from wasgo_chat.data_import.run import Import
from wasgo_chat.database.session import Database

STARTED = datetime.now(UTC) - timedelta(days=400)

_NOTIFICATIONS = """
INSERT INTO notifications (id, user_id, conversation_id, message_id, seq, number, kind, created_at)
SELECT gen_random_uuid(), p.user_id, m.conversation_id, m.id, m.seq, m.number, 'message', m.created_at
FROM messages m JOIN participants p ON p.conversation_id = m.conversation_id
WHERE m.conversation_id = :id
"""


def timestamp(minutes: float) -> str:
    return (STARTED + timedelta(minutes=minutes)).isoformat()


def lines(name: str, messages: int, *, members: int = 2, readers: int = 0) -> list[dict[str, Any]]:
    """The import lines of an old conversation of `u0`, `u1`, …; `readers` is the number of readers of each message."""
    people = [{"user_id": f"u{n}"} for n in range(members)]
    given = {"conversation_type": "support", "participants": people, "created_at": timestamp(0), "reads": "given"}
    found: list[dict[str, Any]] = [{"kind": "conversation", "external_id": name, **given}]
    for n in range(1, messages + 1):
        read_by = [{"user_id": f"u{reader + 1}", "read_at": timestamp(n + reader / 100)} for reader in range(readers)]
        said = {"sender": "u0", "content": f"m{n}", "created_at": timestamp(n), "read_by": read_by}
        found.append({"kind": "message", "conversation": name, "external_id": f"m{n}", **said})
    return found


async def import_old_conversation(
    db: Database, name: str, messages: int, *, members: int = 2, readers: int = 0
) -> UUID:
    """Import an old conversation; returns its id."""
    file = b"".join(
        json.dumps(line).encode() + b"\n" for line in lines(name, messages, members=members, readers=readers)
    )
    report = await Import(db.settings, io.BytesIO()).run(io.BytesIO(file))
    assert report.rejected == 0
    return conversation_id_of(name)


async def create_notifications(db: Database, conversation_id: UUID) -> None:
    """Create the notifications of all messages for all participants."""
    await execute(db, _NOTIFICATIONS, id=conversation_id)


async def execute(db: Database, *statements: str, **values: Any) -> None:
    async with db.transaction() as tx:
        for statement in statements:
            await tx.execute(text(statement), values if ":" in statement.replace("::", "") else {})


async def count(db: Database, table: str, conversation_id: UUID) -> int:
    async with db.snapshot() as tx:
        statement = text(f"SELECT count(*) FROM {table} WHERE conversation_id = :id")
        found: int = (await tx.execute(statement, {"id": conversation_id})).scalar_one()
        return found
