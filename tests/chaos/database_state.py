"""The content of the database, read directly."""

from collections import defaultdict

import asyncpg

from tests.chaos.history import DatabaseState, StoredEvent, StoredMessage, StoredParticipant

_MESSAGES = """
SELECT m.conversation_id::text, m.id::text, m.seq, m.number, m.sender_id, m.client_id, m.content, m.revision,
    m.deleted_at IS NOT NULL AS is_deleted, coalesce(first.content, m.content) AS said
FROM messages m
LEFT JOIN message_revisions first
    ON first.conversation_id = m.conversation_id AND first.message_id = m.id AND first.revision = 1
"""


async def read_database_state(url: str) -> DatabaseState:
    """Read everything in one snapshot."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return await _read(connection)
    finally:
        await connection.close()


async def _read(connection: "asyncpg.Connection[asyncpg.Record]") -> DatabaseState:
    truth = DatabaseState()
    for row in await connection.fetch("SELECT id::text, last_seq FROM conversations"):
        truth.heads[row["id"]] = row["last_seq"]
        truth.log[row["id"]] = []
        truth.messages[row["id"]] = {}
    log = "SELECT conversation_id::text, seq, type, message_id::text, user_id FROM events ORDER BY conversation_id, seq"
    for conversation, seq, kind, message_id, user in await connection.fetch(log):
        truth.log[conversation].append(StoredEvent(seq, kind, message_id, user))
    for row in await connection.fetch(_MESSAGES):
        truth.messages[row["conversation_id"]][row["id"]] = StoredMessage(
            row["seq"], row["number"], row["sender_id"], row["client_id"], row["said"], row["content"], row["revision"],
            row["is_deleted"],
        )  # fmt: skip
    places = "SELECT conversation_id::text, user_id, joined_number, left_seq IS NULL AS is_in, read FROM participants"
    for row in await connection.fetch(places):
        read = [(part.lower, part.upper) for part in row["read"]]
        truth.participants[row["conversation_id"], row["user_id"]] = StoredParticipant(
            row["joined_number"], row["is_in"], read
        )
    reactions: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for message_id, user, emoji in await connection.fetch("SELECT message_id::text, user_id, emoji FROM reactions"):
        reactions[message_id].add((user, emoji))
    truth.reactions = {message_id: frozenset(found) for message_id, found in reactions.items()}
    return truth
