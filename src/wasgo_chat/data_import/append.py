"""Checked lines to the ends of logs: one transaction's part of an import.

Nobody is told: no note is left for the readers, and their cursors are set past what is appended. Reactions, edits and
deletions have no events of their own: replay shows messages as they stand, and these stand so from the beginning.
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
from wasgo_chat.data_import.copy import copy, driver_of, jsonb, message_event
from wasgo_chat.data_import.format import ConversationLine, MessageLine, UserLine, conversation_id_of, message_id_of
from wasgo_chat.database.session import Tx
from wasgo_chat.events import offsets
from wasgo_chat.messages.reactions import canonical_emoji

_ONE_IMPORT = "SELECT pg_advisory_xact_lock(hashtextextended('import', 0))"
_WAIT = "SELECT set_config('lock_timeout', CAST(CAST(CAST(:s AS float8) * 1000 AS bigint) AS text), true)"

_HELD = """
SELECT id, last_seq, message_count, updated_at, reads_version FROM conversations WHERE id = ANY($1::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""

_THERE = """
SELECT conversation_id, client_id, id FROM messages
WHERE conversation_id = ANY($1::uuid[]) AND client_id = ANY($2::text[])
"""

_RAISE = """
UPDATE conversations c SET last_seq = k.seq, message_count = k.number, updated_at = k.at, reads_version = k.version
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[]) AS k(id, seq, number, at, version)
WHERE c.id = k.id
"""

# A conversation that comes in parts has a range for each, and an UPDATE takes one row of what it joins.
_READ_ALL = """
UPDATE participants p SET read = p.read + k.ranges
FROM (
    SELECT id, range_agg(int8range(first, last + 1)) AS ranges
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS k(id, first, last) GROUP BY id
) k
WHERE p.conversation_id = k.id
"""

_READ_SOME = """
UPDATE participants SET read = read + $3::int8multirange WHERE conversation_id = $1 AND user_id = $2
"""


class Busy(Exception):
    """A reader of the log has not come to the end of a conversation yet: what it skipped would be lost."""


async def append(tx: Tx, people: Mapping[str, UserLine], blocks: list[ConversationChunk]) -> ImportResult:
    """Write what is not there yet. Imports beside each other take turns.

    Raises:
        Busy: the log of one of them is still read by those who follow it; try again soon.
        Unavailable: somebody holds one of them for long, or the database does not answer.
    """
    # Nobody waits for what waits here. For rows it asks as briefly as everybody, as it holds others of them meanwhile.
    await tx.execute(text(_WAIT), {"s": tx.settings.statement_timeout_s})
    await tx.execute(text(_ONE_IMPORT))
    await tx.execute(text(_WAIT), {"s": tx.settings.lock_timeout_s})
    outcome = ImportResult()
    await participants.upsert_import_users(tx, people, blocks, outcome)
    logs = await _hold(tx, blocks)
    await participants.reject_duplicates(tx, outcome.admitted(blocks), logs, outcome)
    for block in blocks:
        if (why := outcome.refused.get(block.line.external_id)) is not None:
            outcome.reject(block, why)
    fit = outcome.admitted(blocks)
    await _create(tx, fit, logs, outcome)
    await _extend(tx, fit, logs, outcome)
    return outcome


async def _hold(tx: Tx, blocks: list[ConversationChunk]) -> dict[str, LogTail]:
    """By external id, where each log stands."""
    logs = {block.line.external_id: LogTail(conversation_id_of(block.line.external_id)) for block in blocks}
    by_id = {log.id: log for log in logs.values()}
    for row in await (await driver_of(tx)).fetch(_HELD, list(by_id)):
        log = by_id[row["id"]]
        log.seq, log.number, log.at = row["last_seq"], row["message_count"], row["updated_at"]
        log.version, log.is_new = row["reads_version"], False
    await participants.load_members(tx, logs)
    return logs


async def _create(tx: Tx, blocks: list[ConversationChunk], logs: Mapping[str, LogTail], outcome: ImportResult) -> None:
    new: dict[str, ConversationLine] = {}
    for block in blocks:
        if logs[block.line.external_id].is_new:
            new.setdefault(block.line.external_id, block.line)  # a line that comes again changes nothing
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
    await copy(tx, "conversations", conversations)
    outcome.conversations += len(new)


async def _extend(tx: Tx, blocks: list[ConversationChunk], logs: Mapping[str, LogTail], outcome: ImportResult) -> None:
    driver = await driver_of(tx)
    said = await _said(tx, blocks, logs)
    rows = Rows()
    grown: dict[UUID, LogTail] = {}
    for block in blocks:
        log = logs[block.line.external_id]
        placed, why = participants.participant_rows(block, log, tx.settings.max_participants)
        if why is not None:
            outcome.reject(block, why)
            continue
        rows.participants += placed
        number_before = log.number
        marked: dict[str, list[Range[int]]] = defaultdict(list)
        when: dict[tuple[str, datetime], list[Range[int]]] = defaultdict(list)
        for line, number, raw in block.messages:
            if (log.id, line.external_id) in said:
                outcome.known += 1
                continue
            if (why := _unfit(log, line, said)) is not None:
                outcome.rejected.append((number, raw, why))
                continue
            if log.id not in grown:
                await _pass_over(tx, log)
                grown[log.id] = log
            log.seq, log.number, log.at = log.seq + 1, log.number + 1, line.created_at
            row = _message(log, line, said)
            said[log.id, line.external_id] = row["id"]
            rows.messages.append(row)
            rows.reactions += _reactions(row, line)
            for one in line.read_by:
                marked[one.user_id].append(Range(log.number, log.number + 1))
                when[one.user_id, one.read_at].append(Range(log.number, log.number + 1))
        if block.line.reads == "all" and log.number > number_before:
            rows.read_all.append((log.id, number_before + 1, log.number))
        rows.read_some += [(log.id, user_id, ranges) for user_id, ranges in marked.items()]
        for (user_id, read_at), ranges in when.items():
            log.version += 1
            reading = {"conversation_id": log.id, "version": log.version, "user_id": user_id}
            rows.reads.append({**reading, "numbers": ranges, "read_at": read_at})
    await _write(tx, rows)
    if grown:
        heads = [(log.id, log.seq, log.number, log.at, log.version) for log in grown.values()]
        await driver.execute(_RAISE, *(list(column) for column in zip(*heads, strict=True)))
        await offsets.skip_to(tx, {log.id: log.seq for log in grown.values()})
    outcome.messages += len(rows.messages)


async def _said(tx: Tx, blocks: list[ConversationChunk], logs: Mapping[str, LogTail]) -> dict[tuple[UUID, str], UUID]:
    """What is there of the messages that a batch brings or answers, by conversation and external id."""
    ids = {logs[block.line.external_id].id for block in blocks}
    named = {line.external_id for block in blocks for line, _, _ in block.messages}
    named |= {line.reply_to for block in blocks for line, _, _ in block.messages if line.reply_to is not None}
    found = await (await driver_of(tx)).fetch(_THERE, list(ids), list(named))
    return {(row["conversation_id"], row["client_id"]): row["id"] for row in found}


def _unfit(log: LogTail, line: MessageLine, said: Mapping[tuple[UUID, str], UUID]) -> str | None:
    """Why a message cannot stand at the end of a log; None where it can."""
    if log.at is not None and line.created_at < log.at:
        return "created_at: is before what the conversation has already"
    if line.reply_to is not None and (log.id, line.reply_to) not in said:
        return "reply_to: no message above has this external_id"
    return None


async def _write(tx: Tx, rows: Rows) -> None:
    driver = await driver_of(tx)
    await copy(tx, "participants", rows.participants)
    await copy(tx, "messages", rows.messages)
    await copy(tx, "events", [message_event(row) for row in rows.messages])
    await copy(tx, "reactions", rows.reactions)
    await copy(tx, "reads", rows.reads)
    if rows.read_all:
        await driver.execute(_READ_ALL, *(list(column) for column in zip(*rows.read_all, strict=True)))
    await driver.executemany(_READ_SOME, rows.read_some)


async def _pass_over(tx: Tx, log: LogTail) -> None:
    if not log.is_new and not await offsets.lock_if_drained(tx, log.id):
        raise Busy(
            f"Notifications of conversation {log.id} are not made yet: let the service run until they are, then "
            "import again."
        )


def _message(log: LogTail, line: MessageLine, said: Mapping[tuple[UUID, str], UUID]) -> dict[str, Any]:
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
        "reply_to": said[log.id, line.reply_to] if line.reply_to is not None else None,
        "mentions": [] if is_deleted else list(dict.fromkeys(line.mentions)),
        "metadata": "{}" if is_deleted else jsonb(line.metadata),
        "client_id": line.external_id,
        "revision": 1 + (line.edited_at is not None) + is_deleted,
        "edited_at": line.edited_at,
        "deleted_at": line.deleted_at,
        "created_at": line.created_at,
    }


def _reactions(row: Mapping[str, Any], line: MessageLine) -> Iterable[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in line.reactions:
        emoji = canonical_emoji(one.emoji)
        found.setdefault(
            (one.user_id, emoji),
            {
                "conversation_id": row["conversation_id"],
                "message_id": row["id"],
                "user_id": one.user_id,
                "emoji": emoji,
                "created_at": one.created_at or line.created_at,
            },
        )
    return found.values()
