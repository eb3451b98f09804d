"""Whether the tables can be distributed by conversation, or by user (Citus): what is in the way is known.

The rules are those of `create_distributed_table`: every unique index holds the column that distributes, and a foreign
key between distributed tables holds it on both sides. docs/scaling.md says what would be done about the exceptions.
"""

from typing import Any

import asyncpg

from tests.support.servers import database_url

DISTRIBUTED = {
    "conversations": "id",
    **dict.fromkeys(
        [
            "attachments",
            "conversation_preferences",
            "deliveries",
            "events",
            "feed_heads",
            "message_revisions",
            "messages",
            "parked_events",
            "participants",
            "pending",
            "reactions",
            "reader_cursors",
            "reads",
        ],
        "conversation_id",
    ),
    "notifications": "user_id",
}
REFERENCE = {"users"}
LOCAL = {
    "audit",
    "erasures",
    "feed",
    "feed_end",
    "feed_offsets",
    "idempotency_keys",
    "installation",
    "last_seen",
    "notification_preferences",
    "push_subscriptions",
    "socket_tickets",
}
IN_THE_WAY = {
    ("attachments", ("id",)),
    ("conversations", ("conversation_type", "reference_type", "reference_id")),
    ("conversations", ("direct_pair",)),
    ("deliveries", ("id",)),
}

_TABLES = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
"""
_UNIQUE = """
SELECT t.relname AS name, array_agg(a.attname::text ORDER BY k.at) AS columns
FROM pg_index i
JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, at)
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
WHERE i.indisunique
GROUP BY i.indexrelid, t.relname
"""
_FOREIGN = """
SELECT c.conrelid::regclass::text AS name, c.confrelid::regclass::text AS other, c.confdeltype::text AS on_delete,
       array(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(n, at)
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n ORDER BY k.at) AS columns,
       array(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS k(n, at)
             JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n ORDER BY k.at) AS others
FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
"""


async def found(database: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(database_url(database))
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


async def test_every_table_has_its_kind(database: str) -> None:
    names = {row["relname"] for row in await found(database, _TABLES)} - {"alembic_version"}
    assert names == {*DISTRIBUTED, *REFERENCE, *LOCAL}


async def test_unique_indexes_include_the_conversation_with_known_exceptions(database: str) -> None:
    rows = await found(database, _UNIQUE)
    in_the_way = {
        (row["name"], tuple(row["columns"]))
        for row in rows
        if row["name"] in DISTRIBUTED and DISTRIBUTED[row["name"]] not in row["columns"]
    }
    assert in_the_way == IN_THE_WAY


async def test_foreign_keys_stay_within_a_conversation_or_reference_users(database: str) -> None:
    for row in await found(database, _FOREIGN):
        name, other = row["name"], row["other"]
        if name in DISTRIBUTED and other in DISTRIBUTED:
            pairs = list(zip(row["columns"], row["others"], strict=True))
            assert (DISTRIBUTED[name], DISTRIBUTED[other]) in pairs, f"{name} points across conversations at {other}"
            assert row["on_delete"] in ("a", "c", "r"), f"{name} would set the column that distributes"
        else:
            assert other in REFERENCE, f"{name} points at {other}, which is elsewhere"
