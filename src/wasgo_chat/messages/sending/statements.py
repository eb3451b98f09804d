"""The statements of the group commit: lock the conversations and store every message that can be stored.

Normally one statement does both, and is a transaction of its own. It does not wait for locks: what another transaction
has locked, or changed since the statement began, is left out. To wait, the caller locks in a statement of its own
before. In READ COMMITTED a statement that waits for a lock re-reads only the locked row afterwards, so members,
duplicates and heads have to be read by a statement that begins when the locks are held.

This is SQL text because it must be one statement for any number of messages.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.roles import Action, roles_that_allow
from wasgo_chat.messages.rendering import PREVIEW_CHARS, render_message
from wasgo_chat.messages.schemas import MessageContent

_WRITING_ROLES = roles_that_allow(Action.WRITE)

# Only if the sender is a member: others must not take the lock, and get the same answer as for an unknown id.
_LOCK = """
SELECT c.id, c.ctid AS version FROM conversations c
WHERE c.id = ANY($1::uuid[]) AND EXISTS (
    SELECT FROM unnest($1::uuid[], $2::text[]) AS k(conversation_id, user_id)
    JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id
    WHERE k.conversation_id = c.id AND p.left_seq IS NULL)
ORDER BY c.id FOR NO KEY UPDATE OF c
"""

# `version` is the row as it is locked, `conversations c` the row as of the beginning of the statement. If they differ,
# another transaction has changed the conversation in between, and perhaps its members or messages, of which this
# statement sees the state before. Every change of them updates the row of the conversation too.
_STORE = f"""
WITH locked AS MATERIALIZED ({_LOCK} SKIP LOCKED), input AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::uuid[],
                         $8::text[], $9::text[], $10::text[], $11::bytea[], $12::text[], $13::int[])
    WITH ORDINALITY AS g(conversation_id, sender_id, id, service, message_type, content, reply_to,
                         mentions, metadata, client_id, request_hash, request_id, ordinal, n)
), now AS MATERIALIZED (
    SELECT clock_timestamp() AS at
), eligible AS (
    SELECT g.*, greatest(c.updated_at, now.at) AS at, c.last_seq, c.message_count,
           row_number() OVER (PARTITION BY g.conversation_id, g.sender_id ORDER BY g.n) AS eligible_ordinal,
           u.username, u.display_name, u.avatar_url,
           r.seq AS parent_seq, r.sender_id AS parent_sender_id, r.message_type AS parent_type,
           left(r.content, $15::int) AS parent_content, r.deleted_at IS NOT NULL AS parent_deleted,
           ru.username AS parent_username, ru.display_name AS parent_display_name, ru.avatar_url AS parent_avatar_url
    FROM input g
    CROSS JOIN now
    JOIN locked l ON l.id = g.conversation_id
    JOIN conversations c ON c.id = l.id AND c.ctid = l.version AND c.status = 'open'
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
), accepted AS MATERIALIZED (
    -- Messages that follow an ineligible one of the same sender wait for its outcome; they would overtake it.
    SELECT eligible.*, last_seq + row_number() OVER w AS seq, message_count + row_number() OVER w AS number
    FROM eligible WHERE eligible_ordinal = ordinal
    WINDOW w AS (PARTITION BY conversation_id ORDER BY n)
), new_heads AS (
    SELECT conversation_id, count(*) AS count, max(seq) AS seq, max(at) AS at FROM accepted GROUP BY conversation_id
), advanced AS (
    UPDATE conversations c
    SET last_seq = h.seq, message_count = c.message_count + h.count, updated_at = h.at
    FROM new_heads h WHERE c.id = h.conversation_id
), stored AS (
    INSERT INTO messages (conversation_id, id, seq, number, sender_id, service, message_type, content, reply_to,
                          mentions, metadata, client_id, request_hash, created_at)
    SELECT conversation_id, id, seq, number, sender_id, service, message_type, content, reply_to,
           ARRAY(SELECT jsonb_array_elements_text(mentions::jsonb)), metadata::jsonb, client_id, request_hash, at
    FROM accepted
), logged AS (
    INSERT INTO events (conversation_id, seq, type, actor_id, service, message_id, revision, created_at)
    SELECT conversation_id, seq, 'new_message', sender_id, service, id, 1, at FROM accepted
), audited AS (
    INSERT INTO audit (id, actor_id, service, action, conversation_id, target, request_id)
    SELECT id, sender_id, service, 'new_message', conversation_id, id::text, request_id
    FROM accepted WHERE service IS NOT NULL
), pending_marked AS (
    INSERT INTO pending AS p (conversation_id, head) SELECT conversation_id, seq FROM new_heads ORDER BY conversation_id
    ON CONFLICT (conversation_id) DO UPDATE SET head = greatest(p.head, excluded.head)
)
SELECT n, seq, at, username, display_name, avatar_url, metadata::jsonb::text AS metadata,
       parent_seq, parent_sender_id, parent_type, parent_content, parent_deleted,
       parent_username, parent_display_name, parent_avatar_url
FROM accepted ORDER BY n
"""  # noqa: S608  composed of constants

# A transaction whose commit has an unknown outcome holds its row locks until it ends: once this statement has the
# locks, a message that is not in the table will never be.
_LOCK_WAITING = "SELECT FROM conversations WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_FIND = """
SELECT m.id, m.seq, m.created_at FROM messages m
JOIN unnest($1::uuid[], $2::uuid[]) AS k(conversation_id, id) USING (conversation_id, id)
"""

Fetch = Callable[..., Awaitable[list[asyncpg.Record]]]
_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(eq=False, slots=True)
class NewMessage:
    """A message to be stored, with the id that it will have."""

    actor: Actor
    conversation_id: UUID
    body: MessageContent
    message_id: UUID
    request_hash: bytes | None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """Seq and time of a stored message, and its `MessageOut`, the same for every member."""

    seq: int
    at: datetime
    rendered: dict[str, Any]


async def insert_batch(fetch: Fetch, messages: Sequence[NewMessage], *, wait: bool) -> dict[int, StoredMessage]:
    """Store the messages that can be stored.

    Args:
        fetch: runs a statement: in the caller's transaction, or, if it does not wait, as a transaction of its own.
        messages: at most one for each conversation, sender and client_id.
        wait: wait for conversations that another transaction has locked; otherwise skip them.

    Returns:
        By index in `messages`. Those are missing whose conversation was skipped, that would be refused, or that were
        sent before.
    """
    if not messages:
        return {}  # a batch may consist of messages that are sent individually, such as those with files
    parameters = _parameters(messages)
    if wait:
        await fetch(_LOCK, *parameters[:2])
    stored: dict[int, StoredMessage] = {}
    for record in await fetch(_STORE, *parameters, _WRITING_ROLES, PREVIEW_CHARS):
        index = record["n"] - 1
        stored[index] = StoredMessage(record["seq"], record["at"], _render(messages[index], record))
    return stored


async def find_by_ids(
    connection: "asyncpg.Connection[asyncpg.Record]", messages: Sequence[NewMessage]
) -> dict[UUID, tuple[int, datetime]]:
    """Seq and time, by id, of those of these messages that a commit of unknown outcome stored. Waits for its end."""
    ids = [message.conversation_id for message in messages]
    await connection.execute(_LOCK_WAITING, ids)
    records = await connection.fetch(_FIND, ids, [message.message_id for message in messages])
    return {record["id"]: (record["seq"], record["created_at"]) for record in records}


def _parameters(messages: Sequence[NewMessage]) -> list[tuple[Any, ...]]:
    """The parameters of `_STORE`, one array for each column. The last is the ordinal among the messages of a sender in
    a conversation.
    """
    counts: Counter[tuple[UUID, str]] = Counter()
    rows = []
    for message in messages:
        body, sender = message.body, message.actor.require_user()
        counts[message.conversation_id, sender] += 1
        rows.append(
            (
                message.conversation_id,
                sender,
                message.message_id,
                message.actor.service,
                body.message_type,
                body.content,
                body.reply_to,
                encode_str(list(dict.fromkeys(body.mentions))) if body.mentions else "[]",
                encode_str(body.metadata) if body.metadata else "{}",
                body.client_id,
                message.request_hash,
                message.request_id,
                counts[message.conversation_id, sender],
            )
        )
    return list(zip(*rows, strict=True))


def _render(message: NewMessage, record: asyncpg.Record) -> dict[str, Any]:
    """The `MessageOut` of a message that was stored now, without reading it back."""
    body = message.body
    row = {
        "id": message.message_id,
        "conversation_id": message.conversation_id,
        "seq": record["seq"],
        "sender_id": message.actor.user_id,
        "message_type": body.message_type,
        "content": body.content,
        "reply_to": body.reply_to,
        "mentions": list(dict.fromkeys(body.mentions)),
        "metadata": _decode(record["metadata"]) if body.metadata else {},  # as `jsonb` normalizes it
        "client_id": body.client_id,
        "revision": 1,
        "edited_at": None,
        "deleted_at": None,
        "created_at": record["at"],
    }
    return render_message(row, {}, [], None, joined=record)
