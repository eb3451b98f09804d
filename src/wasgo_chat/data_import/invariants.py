"""What holds of every log, as questions to the database: each names the conversations in which it does not.

For after a seed, an import, a restore, and for `doctor --deep`. Reads everything there is.
"""

from dataclasses import dataclass

from sqlalchemy import text

from wasgo_chat.database.session import Database

_ASKED = """
SELECT CAST(f.id AS text), count(*) OVER () FROM (SELECT DISTINCT q.id FROM (QUESTION) q(id)) f ORDER BY 1 LIMIT 5
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that should hold and does not; `conversations` are some of those where."""

    rule: str
    count: int
    conversations: list[str]


_RULES = {
    "seq runs from the first that is kept to the head without a gap": """
        SELECT c.id FROM conversations c
        LEFT JOIN (SELECT conversation_id, count(*) AS n, min(seq) AS first, max(seq) AS last FROM events GROUP BY 1) e
            ON e.conversation_id = c.id
        WHERE COALESCE(e.n, 0) <> c.last_seq - c.purged_seq
           OR COALESCE(e.first, c.purged_seq + 1) <> c.purged_seq + 1
           OR COALESCE(e.last, c.purged_seq) <> c.last_seq""",
    "a message has the event that tells of it, at its seq": """
        SELECT m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
        LEFT JOIN events e ON e.conversation_id = m.conversation_id AND e.seq = m.seq
        WHERE m.seq > c.purged_seq AND (e.type IS DISTINCT FROM 'new_message' OR e.message_id <> m.id)""",
    "an event that names a message finds it": """
        SELECT e.conversation_id FROM events e
        LEFT JOIN messages m ON m.conversation_id = e.conversation_id AND m.id = e.message_id
        WHERE e.message_id IS NOT NULL AND m.id IS NULL""",
    "messages are numbered in the order of their seq": """
        SELECT conversation_id FROM (
            SELECT conversation_id, number,
                   lag(number) OVER (PARTITION BY conversation_id ORDER BY seq) AS before FROM messages) m
        WHERE number <= before""",
    "a log that is whole has as many messages as were counted": """
        SELECT c.id FROM conversations c
        LEFT JOIN (SELECT conversation_id, count(*) AS n, max(number) AS last FROM messages GROUP BY 1) m
            ON m.conversation_id = c.id
        WHERE COALESCE(m.last, 0) > c.message_count
           OR (c.purged_seq = 0 AND (COALESCE(m.n, 0) <> c.message_count OR COALESCE(m.last, 0) <> c.message_count))""",
    "messages stand in the order of their time": """
        SELECT conversation_id FROM (
            SELECT conversation_id, created_at,
                   lag(created_at) OVER (PARTITION BY conversation_id ORDER BY seq) AS before FROM messages) m
        WHERE created_at < before""",
    "a deleted message says nothing": """
        SELECT m.conversation_id FROM messages m WHERE m.deleted_at IS NOT NULL AND (
            m.content IS NOT NULL OR m.mentions <> '{}'
            OR EXISTS (SELECT FROM reactions r
                       WHERE r.conversation_id = m.conversation_id AND r.message_id = m.id)
            OR EXISTS (SELECT FROM attachments a
                       WHERE a.conversation_id = m.conversation_id AND a.message_id = m.id))""",
    "nobody has read what was never there": """
        SELECT c.id FROM conversations c JOIN participants p ON p.conversation_id = c.id
        WHERE upper(p.read) > c.message_count + 1 OR lower(p.read) < 1 OR p.joined_number > c.message_count""",
    "readings are counted": """
        SELECT c.id FROM conversations c JOIN reads r ON r.conversation_id = c.id WHERE r.version > c.reads_version""",
    "no reader is ahead of the log": """
        SELECT c.id FROM conversations c JOIN reader_cursors k ON k.conversation_id = c.id WHERE k.seq > c.last_seq""",
    "no note is ahead of the log": """
        SELECT c.id FROM conversations c JOIN pending p ON p.conversation_id = c.id WHERE p.head > c.last_seq""",
    "a direct conversation has two people": """
        SELECT c.id FROM conversations c WHERE c.direct_pair IS NOT NULL AND (
            SELECT count(*) FROM participants p WHERE p.conversation_id = c.id) > 2""",
}


async def check_invariants(db: Database) -> list[Violation]:
    """Every rule that is broken, as of one moment; none where all is well.

    Raises:
        Unavailable: the database does not answer, or takes longer than its `statement_timeout`.
    """
    found: list[Violation] = []
    async with db.snapshot() as tx:
        for rule, question in _RULES.items():
            rows = (await tx.execute(text(_ASKED.replace("QUESTION", question)))).all()
            if rows:
                found.append(Violation(rule, rows[0][1], [row[0] for row in rows]))
    return found
