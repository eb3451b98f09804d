"""Invariants of every log, as queries that return the conversations which violate them.

For checks after a seed, an import or a restore, and for `doctor --deep`. Reads all rows.
"""

from dataclasses import dataclass

from sqlalchemy import text

from wasgo_chat.database.session import Database

MAX_NAMED = 5
"""How many of the conversations that violate an invariant are named."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A violated invariant: in how many conversations, and the ids of some of them."""

    rule: str
    count: int
    conversations: list[str]


_RULES = {
    "the conversation of every message and event exists": """
        SELECT k.conversation_id FROM (
            SELECT conversation_id FROM messages UNION SELECT conversation_id FROM events
            UNION SELECT conversation_id FROM pending UNION SELECT conversation_id FROM feed_heads) k
        LEFT JOIN conversations c ON c.id = k.conversation_id WHERE c.id IS NULL""",
    "seq has no gap from the first stored event to the head": """
        SELECT c.id FROM conversations c
        LEFT JOIN (SELECT conversation_id, count(*) AS n, min(seq) AS first, max(seq) AS last FROM events GROUP BY 1) e
            ON e.conversation_id = c.id
        WHERE COALESCE(e.n, 0) <> c.last_seq - c.purged_seq
           OR COALESCE(e.first, c.purged_seq + 1) <> c.purged_seq + 1
           OR COALESCE(e.last, c.purged_seq) <> c.last_seq""",
    "every message has its event, with the same seq": """
        SELECT m.conversation_id FROM messages m JOIN conversations c ON c.id = m.conversation_id
        LEFT JOIN events e ON e.conversation_id = m.conversation_id AND e.seq = m.seq
        WHERE m.seq > c.purged_seq AND (e.type IS DISTINCT FROM 'new_message' OR e.message_id <> m.id)""",
    "the message of every event exists": """
        SELECT e.conversation_id FROM events e
        LEFT JOIN messages m ON m.conversation_id = e.conversation_id AND m.id = e.message_id
        WHERE e.message_id IS NOT NULL AND m.id IS NULL""",
    "message numbers increase with seq": """
        SELECT conversation_id FROM (
            SELECT conversation_id, number,
                   lag(number) OVER (PARTITION BY conversation_id ORDER BY seq) AS before FROM messages) m
        WHERE number <= before""",
    "message_count is correct": """
        SELECT c.id FROM conversations c
        LEFT JOIN (SELECT conversation_id, count(*) AS n, max(number) AS last FROM messages GROUP BY 1) m
            ON m.conversation_id = c.id
        WHERE COALESCE(m.last, 0) > c.message_count
           OR (c.purged_seq = 0 AND (COALESCE(m.n, 0) <> c.message_count OR COALESCE(m.last, 0) <> c.message_count))""",
    "message times do not decrease with seq": """
        SELECT conversation_id FROM (
            SELECT conversation_id, created_at,
                   lag(created_at) OVER (PARTITION BY conversation_id ORDER BY seq) AS before FROM messages) m
        WHERE created_at < before""",
    "a deleted message has no content": """
        SELECT m.conversation_id FROM messages m WHERE m.deleted_at IS NOT NULL AND (
            m.content IS NOT NULL OR m.mentions <> '{}'
            OR EXISTS (SELECT FROM reactions r
                       WHERE r.conversation_id = m.conversation_id AND r.message_id = m.id)
            OR EXISTS (SELECT FROM attachments a
                       WHERE a.conversation_id = m.conversation_id AND a.message_id = m.id))""",
    "only existing messages are read": """
        SELECT c.id FROM conversations c JOIN participants p ON p.conversation_id = c.id
        WHERE upper(p.read) > c.message_count + 1 OR lower(p.read) < 1 OR p.joined_number > c.message_count""",
    "reads_version is correct": """
        SELECT c.id FROM conversations c JOIN reads r ON r.conversation_id = c.id WHERE r.version > c.reads_version""",
    "the feed is not ahead of the log": """
        SELECT c.id FROM conversations c JOIN feed_heads h ON h.conversation_id = c.id WHERE h.seq > c.last_seq""",
    "an event that is not in the feed has a pending marker": """
        SELECT c.id FROM conversations c LEFT JOIN feed_heads h ON h.conversation_id = c.id
        LEFT JOIN pending p ON p.conversation_id = c.id
        WHERE greatest(COALESCE(h.seq, 0), COALESCE(p.head, 0)) < c.last_seq""",
    "seq has no gap in the feed": """
        SELECT conversation_id FROM (
            SELECT f.conversation_id, f.seq, f.position,
                   lag(f.seq) OVER (PARTITION BY f.conversation_id ORDER BY f.position) AS before
            FROM feed f) f
        JOIN conversations c ON c.id = f.conversation_id
        WHERE f.seq <> f.before + 1 AND f.before >= c.purged_seq""",
    "no pending marker is beyond the head": """
        SELECT c.id FROM conversations c JOIN pending p ON p.conversation_id = c.id WHERE p.head > c.last_seq""",
    "a direct conversation has two participants": """
        SELECT c.id FROM conversations c WHERE c.direct_pair IS NOT NULL AND (
            SELECT count(*) FROM participants p WHERE p.conversation_id = c.id) > 2""",
}


async def check_invariants(db: Database) -> list[Violation]:
    """All violated invariants, in one snapshot.

    Raises:
        Unavailable: the database does not respond, or takes longer than its `statement_timeout`.
    """
    violations: list[Violation] = []
    async with db.snapshot() as tx:
        for rule, query in _RULES.items():
            rows = (await tx.execute(text(_violations(query)))).all()
            if rows:
                violations.append(Violation(rule, rows[0][1], [row[0] for row in rows]))
    return violations


def _violations(query: str) -> str:
    """Some of the conversations that a query returns, as text, each with the number of all of them."""
    return f"""
SELECT CAST(found.id AS text), count(*) OVER () FROM (SELECT DISTINCT q.id FROM ({query}) q(id)) found
ORDER BY 1 LIMIT {MAX_NAMED}
"""  # noqa: S608  composed of constants
