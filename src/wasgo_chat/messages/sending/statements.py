"""The statements of the group commit: hold the conversations, then store every send that may be stored.

Two statements, as in READ COMMITTED a statement that waits for a lock sees all but the locked row as of its start:
members, duplicates and heads are read by the second one, after the first has the locks. SQL text, since its point is
to be one statement for any number of messages.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import user_shape
from wasgo_chat.membership.access import PERMISSIONS, Action, at_least
from wasgo_chat.membership.models import ROLES
from wasgo_chat.messages.rendering import PREVIEW_CHARS
from wasgo_chat.messages.schemas import MessageContent

_LOWEST_ROLE = PERMISSIONS[Action.WRITE][0] or ""
_WRITERS = [role for role in ROLES if at_least(role, _LOWEST_ROLE)]

# Only where the sender is a member: strangers take no lock, and what they name may as well not exist.
_LOCK = """
SELECT c.id FROM conversations c
WHERE c.id = ANY($1::uuid[]) AND EXISTS (
    SELECT FROM unnest($1::uuid[], $2::text[]) AS k(conversation_id, user_id)
    JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id
    WHERE k.conversation_id = c.id AND p.left_seq IS NULL)
ORDER BY c.id FOR NO KEY UPDATE OF c
"""
_LOCK_FREE = f"{_LOCK} SKIP LOCKED"

_STORE = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                         $8::text[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::int[])
    WITH ORDINALITY AS g(conversation_id, sender_id, id, service, message_type, content, reply_to,
                         mentions, metadata, client_id, request_hash, request_id, place, n)
), now AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), fit AS (
    SELECT g.*, greatest(c.updated_at, now.at) AS at, c.last_seq, c.message_count,
           row_number() OVER (PARTITION BY g.conversation_id, g.sender_id ORDER BY g.n) AS fit_place,
           u.username, u.display_name, u.avatar_url,
           r.seq AS parent_seq, r.sender_id AS parent_sender_id, r.message_type AS parent_type,
           left(r.content, $15::int) AS parent_content, r.deleted_at IS NOT NULL AS parent_deleted,
           ru.username AS parent_username, ru.display_name AS parent_display_name, ru.avatar_url AS parent_avatar_url
    FROM given g
    CROSS JOIN now
    JOIN conversations c ON c.id = g.conversation_id AND c.status = 'open'
    JOIN participants p ON p.conversation_id = g.conversation_id AND p.user_id = g.sender_id
        AND p.left_seq IS NULL AND p.role = ANY($14::text[])
    JOIN users u ON u.id = g.sender_id
    LEFT JOIN messages r ON r.conversation_id = g.conversation_id AND r.id = g.reply_to
    LEFT JOIN users ru ON ru.id = r.sender_id
    WHERE (g.reply_to IS NULL OR r.id IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM messages m WHERE m.conversation_id = g.conversation_id AND m.sender_id = g.sender_id
            AND m.client_id = g.client_id)
      AND NOT EXISTS (
          SELECT FROM jsonb_array_elements_text(g.mentions::jsonb) AS named(user_id)
          WHERE NOT EXISTS (
              SELECT FROM participants o
              WHERE o.conversation_id = g.conversation_id AND o.user_id = named.user_id AND o.left_seq IS NULL))
), good AS MATERIALIZED (
    -- What somebody says after something unfit waits for what becomes of that, or it would overtake it.
    SELECT fit.*, last_seq + row_number() OVER w AS seq, message_count + row_number() OVER w AS number
    FROM fit WHERE fit_place = place
    WINDOW w AS (PARTITION BY conversation_id ORDER BY n)
), heads AS (
    SELECT conversation_id, count(*) AS count, max(seq) AS seq, max(at) AS at FROM good GROUP BY conversation_id
), raised AS (
    UPDATE conversations c
    SET last_seq = h.seq, message_count = c.message_count + h.count, updated_at = h.at
    FROM heads h WHERE c.id = h.conversation_id
), stored AS (
    INSERT INTO messages (conversation_id, id, seq, number, sender_id, service, message_type, content, reply_to,
                          mentions, metadata, client_id, request_hash, created_at)
    SELECT conversation_id, id, seq, number, sender_id, service, message_type, content, reply_to,
           ARRAY(SELECT jsonb_array_elements_text(mentions::jsonb)), metadata::jsonb, client_id, request_hash, at
    FROM good
), logged AS (
    INSERT INTO events (conversation_id, seq, type, actor_id, service, message_id, revision, created_at)
    SELECT conversation_id, seq, 'new_message', sender_id, service, id, 1, at FROM good
), audited AS (
    INSERT INTO audit (id, actor_id, service, action, conversation_id, target, request_id)
    SELECT id, sender_id, service, 'new_message', conversation_id, id::text, request_id
    FROM good WHERE service IS NOT NULL
), noted AS (
    INSERT INTO pending AS p (conversation_id, head) SELECT conversation_id, seq FROM heads ORDER BY conversation_id
    ON CONFLICT (conversation_id) DO UPDATE SET head = greatest(p.head, excluded.head)
)
SELECT n, seq, at, username, display_name, avatar_url, metadata::jsonb::text AS metadata,
       parent_seq, parent_sender_id, parent_type, parent_content, parent_deleted,
       parent_username, parent_display_name, parent_avatar_url
FROM good ORDER BY n
"""

# A commit of unknown outcome holds its rows until it has ended: with them in hand, what is not there never will be.
_LOCK_WAITING = "SELECT FROM conversations WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_FIND = """
SELECT m.id, m.seq, m.created_at FROM messages m
JOIN unnest($1::uuid[], $2::uuid[]) AS k(conversation_id, id) USING (conversation_id, id)
"""

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(eq=False, slots=True)
class NewMessage:
    """A message on its way into the database, with the id it will have."""

    actor: Actor
    conversation_id: UUID
    body: MessageContent
    message_id: UUID
    request_hash: bytes | None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """Where a row landed, and the message as `MessageOut`, as everybody sees it."""

    seq: int
    at: datetime
    rendered: dict[str, Any]


async def insert_batch(
    connection: "asyncpg.Connection[asyncpg.Record]", rows: Sequence[NewMessage], *, wait: bool
) -> dict[int, StoredMessage]:
    """Store what can be stored, within the caller's transaction.

    Args:
        connection: in a transaction.
        rows: at most one for each sender and client_id of a conversation.
        wait: for conversations that somebody holds; else they are passed over, and hold up nobody.

    Returns:
        By position in `rows`. Missing are those passed over, those that would be refused, and those that were sent
        before.
    """
    ids, senders = [row.conversation_id for row in rows], [row.actor.require_user() for row in rows]
    held = {record[0] for record in await connection.fetch(_LOCK if wait else _LOCK_FREE, ids, senders)}
    chosen = [at for at, row in enumerate(rows) if row.conversation_id in held]
    if not chosen:
        return {}
    records = await connection.fetch(_STORE, *_columns(rows[at] for at in chosen), _WRITERS, PREVIEW_CHARS)
    stored: dict[int, StoredMessage] = {}
    for record in records:
        at = chosen[record["n"] - 1]
        stored[at] = StoredMessage(record["seq"], record["at"], _shape(rows[at], record))
    return stored


async def find_by_ids(
    connection: "asyncpg.Connection[asyncpg.Record]", rows: Sequence[NewMessage]
) -> dict[UUID, tuple[int, datetime]]:
    """After a commit of unknown outcome: which of these are stored, by message id. Waits for that commit to end."""
    ids = [row.conversation_id for row in rows]
    await connection.execute(_LOCK_WAITING, ids)
    found = await connection.fetch(_FIND, ids, [row.message_id for row in rows])
    return {record["id"]: (record["seq"], record["created_at"]) for record in found}


def _columns(rows: Iterable[NewMessage]) -> list[tuple[Any, ...]]:
    """The parameters of `_STORE`, an array a column; the last is the place among a sender's in a conversation."""
    said: Counter[tuple[UUID, str]] = Counter()

    def place(row: NewMessage) -> int:
        said[row.conversation_id, row.actor.require_user()] += 1
        return said[row.conversation_id, row.actor.require_user()]

    return list(
        zip(
            *(
                (
                    row.conversation_id,
                    row.actor.require_user(),
                    row.message_id,
                    row.actor.service,
                    row.body.message_type,
                    row.body.content,
                    row.body.reply_to,
                    encode_str(list(dict.fromkeys(row.body.mentions))) if row.body.mentions else "[]",
                    encode_str(row.body.metadata) if row.body.metadata else "{}",
                    row.body.client_id,
                    row.request_hash,
                    row.request_id,
                    place(row),
                )
                for row in rows
            ),
            strict=True,
        )
    )


def _shape(row: NewMessage, record: asyncpg.Record) -> dict[str, Any]:
    """The same as `load` makes of the stored row; the keys in the same order, so that frames are the same bytes."""
    body = row.body
    preview = None
    if record["parent_seq"] is not None:
        sender = None
        if (parent_sender := record["parent_sender_id"]) is not None:
            names = record["parent_username"], record["parent_display_name"], record["parent_avatar_url"]
            sender = user_shape(parent_sender, *names)
        preview = {
            "id": body.reply_to,
            "seq": record["parent_seq"],
            "sender": sender,
            "message_type": record["parent_type"],
            "content": record["parent_content"],
            "is_deleted": record["parent_deleted"],
        }
    return {
        "id": row.message_id,
        "conversation": row.conversation_id,
        "seq": record["seq"],
        "sender": user_shape(
            row.actor.require_user(), record["username"], record["display_name"], record["avatar_url"]
        ),
        "message_type": body.message_type,
        "content": body.content,
        "reply_to": body.reply_to,
        "reply_preview": preview,
        "attachments": [],
        "reactions": [],
        "mentions": list(dict.fromkeys(body.mentions)),
        "metadata": _decode(record["metadata"]) if body.metadata else {},
        "client_id": body.client_id,
        "revision": 1,
        "is_edited": False,
        "edited_at": None,
        "is_deleted": False,
        "deleted_at": None,
        "created_at": record["at"],
    }
