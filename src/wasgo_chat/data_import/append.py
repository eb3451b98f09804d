"""Appends validated lines to the logs of their conversations: the part of an import that one transaction does.

No user is notified: the events say that they are imported. The consumers of the feed get them nevertheless, so that
indexes contain them.

Reactions, edits and deletions get no events: replay shows the current state of messages, which these have from the
beginning.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Range
from sqlalchemy import text

from wasgo_chat.conversation_types import CONVERSATION_TYPES
from wasgo_chat.data_import import participants
from wasgo_chat.data_import.batch import ConversationChunk, ImportResult, LogTail, Rows
from wasgo_chat.data_import.format import ConversationLine, MessageLine, UserLine, conversation_id_of, message_id_of
from wasgo_chat.data_import.rows import jsonb, message_event
from wasgo_chat.database.copy import copy_rows, driver_connection
from wasgo_chat.database.session import Tx
from wasgo_chat.events.pending import mark_pending
from wasgo_chat.messages.reactions import canonical_emoji

LOCK_IMPORTS = "SELECT pg_advisory_xact_lock(hashtextextended('import', 0))"
_SET_LOCK_TIMEOUT = "SELECT set_config('lock_timeout', CAST(CAST(CAST(:s AS float8) * 1000 AS bigint) AS text), true)"

_LOCK_CONVERSATIONS = """
SELECT id, last_seq, message_count, updated_at, reads_version FROM conversations WHERE id = ANY($1::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""

_FIND_MESSAGES = """
SELECT conversation_id, client_id, id FROM messages
WHERE conversation_id = ANY($1::uuid[]) AND client_id = ANY($2::text[])
"""

_ADVANCE_HEADS = """
UPDATE conversations c SET last_seq = k.seq, message_count = k.number, updated_at = k.at, reads_version = k.version
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[]) AS k(id, seq, number, at, version)
WHERE c.id = k.id
"""

# A conversation in several chunks has a range for each, but an UPDATE uses only one row that it joins.
_MARK_ALL_READ = """
UPDATE participants p SET read = p.read + k.ranges
FROM (
    SELECT id, range_agg(int8range(first, last + 1)) AS ranges
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS k(id, first, last) GROUP BY id
) k
WHERE p.conversation_id = k.id
"""

_MARK_SOME_READ = """
UPDATE participants SET read = read + $3::int8multirange WHERE conversation_id = $1 AND user_id = $2
"""


async def append(tx: Tx, user_lines: Mapping[str, UserLine], chunks: list[ConversationChunk]) -> ImportResult:
    """Write the rows that do not exist yet. Concurrent imports wait for each other.

    Raises:
        Unavailable: a conversation is locked for too long, or the database does not respond.
    """
    # Nothing waits for a transaction that waits here. Row locks use the normal timeout, as others wait for them.
    await tx.execute(text(_SET_LOCK_TIMEOUT), {"s": tx.settings.statement_timeout_s})
    await tx.execute(text(LOCK_IMPORTS))
    await tx.execute(text(_SET_LOCK_TIMEOUT), {"s": tx.settings.lock_timeout_s})
    result = ImportResult()
    await participants.upsert_import_users(tx, user_lines, chunks, result)
    logs = await _lock_logs(tx, chunks)
    await participants.reject_duplicates(tx, result.accepted(chunks), logs, result)
    for chunk in chunks:
        if (reason := result.refused.get(chunk.line.external_id)) is not None:
            result.reject(chunk, reason)
    accepted = result.accepted(chunks)
    await _create(tx, accepted, logs, result)
    await _append_messages(tx, accepted, logs, result)
    return result


async def _lock_logs(tx: Tx, chunks: list[ConversationChunk]) -> dict[str, LogTail]:
    """Lock the conversations that exist. Returns the end of each log, by external id."""
    logs = {chunk.line.external_id: LogTail(conversation_id_of(chunk.line.external_id)) for chunk in chunks}
    by_id = {log.id: log for log in logs.values()}
    for row in await (await driver_connection(tx)).fetch(_LOCK_CONVERSATIONS, list(by_id)):
        log = by_id[row["id"]]
        log.seq, log.number, log.at = row["last_seq"], row["message_count"], row["updated_at"]
        log.version, log.is_new = row["reads_version"], False
    await participants.load_members(tx, logs)
    return logs


async def _create(tx: Tx, chunks: list[ConversationChunk], logs: Mapping[str, LogTail], result: ImportResult) -> None:
    new: dict[str, ConversationLine] = {}
    for chunk in chunks:
        if logs[chunk.line.external_id].is_new:
            new.setdefault(chunk.line.external_id, chunk.line)  # a repeated line changes nothing
    conversations = []
    for line in new.values():
        log = logs[line.external_id]
        log.at = line.created_at
        type_ = CONVERSATION_TYPES[line.conversation_type]
        conversations.append(
            {
                "id": log.id,
                "conversation_type": line.conversation_type,
                "title": line.title,
                "reference_type": line.reference.type if line.reference else None,
                "reference_id": line.reference.id if line.reference else None,
                "direct_pair": participants.pair_of(line) if type_.has_pair else None,
                "status": line.status,
                "metadata": jsonb(line.metadata),
                "settings": jsonb(line.settings),
                "created_at": line.created_at,
                "updated_at": line.created_at,
            }
        )
    await copy_rows(tx, "conversations", conversations)
    result.conversations += len(new)


async def _append_messages(
    tx: Tx, chunks: list[ConversationChunk], logs: Mapping[str, LogTail], result: ImportResult
) -> None:
    connection = await driver_connection(tx)
    message_ids = await _find_messages(tx, chunks, logs)
    rows = Rows()
    appended_to: dict[UUID, LogTail] = {}
    for chunk in chunks:
        log = logs[chunk.line.external_id]
        participant_rows, reason = participants.participant_rows(chunk, log, tx.settings.max_participants)
        if reason is not None:
            result.reject(chunk, reason)
            continue
        rows.participants += participant_rows
        number_before = log.number
        read_by_user: dict[str, list[Range[int]]] = defaultdict(list)
        receipts: dict[tuple[str, datetime], list[Range[int]]] = defaultdict(list)
        for line, number, raw in chunk.messages:
            if (log.id, line.external_id) in message_ids:
                result.known += 1
                continue
            if (reason := _check_position(log, line, message_ids)) is not None:
                result.rejected.append((number, raw, reason))
                continue
            appended_to[log.id] = log
            log.seq, log.number, log.at = log.seq + 1, log.number + 1, line.created_at
            row = _message(log, line, message_ids)
            message_ids[log.id, line.external_id] = row["id"]
            rows.messages.append(row)
            rows.reactions += _reactions(row, line)
            for receipt in line.read_by:
                read_by_user[receipt.user_id].append(Range(log.number, log.number + 1))
                receipts[receipt.user_id, receipt.read_at].append(Range(log.number, log.number + 1))
        if chunk.line.reads == "all" and log.number > number_before:
            rows.read_all.append((log.id, number_before + 1, log.number))
        rows.read_some += [(log.id, user_id, ranges) for user_id, ranges in read_by_user.items()]
        for (user_id, read_at), ranges in receipts.items():
            log.version += 1
            receipt_key = {"conversation_id": log.id, "version": log.version, "user_id": user_id}
            rows.reads.append({**receipt_key, "numbers": ranges, "read_at": read_at})
    await _write(tx, rows)
    if appended_to:
        heads = [(log.id, log.seq, log.number, log.at, log.version) for log in appended_to.values()]
        await connection.execute(_ADVANCE_HEADS, *(list(column) for column in zip(*heads, strict=True)))
        await mark_pending(connection, {log.id: log.seq for log in appended_to.values()})
    result.messages += len(rows.messages)


async def _find_messages(
    tx: Tx, chunks: list[ConversationChunk], logs: Mapping[str, LogTail]
) -> dict[tuple[UUID, str], UUID]:
    """The ids of existing messages that the chunks contain or reply to, by conversation and external id."""
    ids = {logs[chunk.line.external_id].id for chunk in chunks}
    external_ids = {line.external_id for chunk in chunks for line, _, _ in chunk.messages}
    external_ids |= {line.reply_to for chunk in chunks for line, _, _ in chunk.messages if line.reply_to is not None}
    rows = await (await driver_connection(tx)).fetch(_FIND_MESSAGES, list(ids), list(external_ids))
    return {(row["conversation_id"], row["client_id"]): row["id"] for row in rows}


def _check_position(log: LogTail, line: MessageLine, message_ids: Mapping[tuple[UUID, str], UUID]) -> str | None:
    """The reason why a message cannot be appended to a log; None if it can."""
    if log.at is not None and line.created_at < log.at:
        return "created_at: is before the newest message of the conversation"
    if line.reply_to is not None and (log.id, line.reply_to) not in message_ids:
        return "reply_to: no message above has this external_id"
    return None


async def _write(tx: Tx, rows: Rows) -> None:
    connection = await driver_connection(tx)
    await copy_rows(tx, "participants", rows.participants)
    await copy_rows(tx, "messages", rows.messages)
    await copy_rows(tx, "events", [message_event(row) for row in rows.messages])
    await copy_rows(tx, "reactions", rows.reactions)
    await copy_rows(tx, "reads", rows.reads)
    if rows.read_all:
        await connection.execute(_MARK_ALL_READ, *(list(column) for column in zip(*rows.read_all, strict=True)))
    await connection.executemany(_MARK_SOME_READ, rows.read_some)


def _message(log: LogTail, line: MessageLine, message_ids: Mapping[tuple[UUID, str], UUID]) -> dict[str, Any]:
    is_deleted = line.deleted_at is not None
    return {
        "conversation_id": log.id,
        "id": message_id_of(line.conversation, line.external_id, line.created_at),
        "seq": log.seq,
        "number": log.number,
        "sender_id": line.sender,
        "service": "import" if line.sender is None else None,
        "message_type": line.message_type,
        "content": None if is_deleted else line.content,
        "reply_to": message_ids[log.id, line.reply_to] if line.reply_to is not None else None,
        "mentions": [] if is_deleted else list(dict.fromkeys(line.mentions)),
        "metadata": "{}" if is_deleted else jsonb(line.metadata),
        "client_id": line.external_id,
        "revision": 1 + (line.edited_at is not None) + is_deleted,
        "edited_at": line.edited_at,
        "deleted_at": line.deleted_at,
        "created_at": line.created_at,
    }


def _reactions(row: Mapping[str, Any], line: MessageLine) -> Iterable[dict[str, Any]]:
    reactions: dict[tuple[str, str], dict[str, Any]] = {}
    for reaction in line.reactions:
        emoji = canonical_emoji(reaction.emoji)
        reactions.setdefault(
            (reaction.user_id, emoji),
            {
                "conversation_id": row["conversation_id"],
                "message_id": row["id"],
                "user_id": reaction.user_id,
                "emoji": emoji,
                "created_at": reaction.created_at or line.created_at,
            },
        )
    return reactions.values()
