"""Checked lines to the ends of logs: one transaction's part of an import.

Nobody is told: no note is left for the readers, and their cursors are set past what is appended. Reactions, edits and
deletions have no events of their own: replay shows messages as they stand, and these stand so from the beginning.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from asyncpg import Range
from sqlalchemy import text

from wasgo_chat.bulk.copying import copy, driver_of, jsonb, message_event
from wasgo_chat.bulk.lines import ConversationLine, MessageLine, UserLine, conversation_id_of, message_id_of
from wasgo_chat.core import users
from wasgo_chat.core.db import Tx
from wasgo_chat.core.erasures import erased_among
from wasgo_chat.events import cursors
from wasgo_chat.messages.reactions import canonical_emoji

Given = tuple[MessageLine, int, bytes]

_ONE_IMPORT = "SELECT pg_advisory_xact_lock(hashtextextended('import', 0))"

_HELD = """
SELECT id, last_seq, message_count, updated_at, reads_version FROM conversations WHERE id = ANY($1::uuid[])
ORDER BY id FOR NO KEY UPDATE
"""

_TAKEN = """
SELECT k.id FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS k(id, type, reference_type, reference_id, pair)
JOIN conversations c ON c.id <> k.id AND (
    (k.pair IS NOT NULL AND c.direct_pair = string_to_array(k.pair, chr(10)))
    OR (k.pair IS NULL AND c.conversation_type = k.type AND c.reference_type = k.reference_type
        AND c.reference_id = k.reference_id AND k.type = ANY(ARRAY['bid', 'job', 'request', 'dispute'])))
"""

_THERE = """
SELECT conversation_id, client_id FROM messages
WHERE conversation_id = ANY($1::uuid[]) AND client_id = ANY($2::text[])
"""

_RAISE = """
UPDATE conversations c SET last_seq = k.seq, message_count = k.number, updated_at = k.at, reads_version = k.version
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::bigint[]) AS k(id, seq, number, at, version)
WHERE c.id = k.id
"""

_READ_ALL = """
UPDATE participants p SET read = p.read + int8multirange(int8range(k.first, k.last + 1))
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS k(id, first, last) WHERE p.conversation_id = k.id
"""

_READ_SOME = """
UPDATE participants SET read = read + $3::int8multirange WHERE conversation_id = $1 AND user_id = $2
"""


class Busy(Exception):
    """A reader of the log has not come to the end of a conversation yet: what it skipped would be lost."""


@dataclass(slots=True)
class Block:
    """A conversation's line with messages under it. `number` is 0 where an earlier batch had the line."""

    line: ConversationLine
    number: int
    raw: bytes
    messages: list[Given] = field(default_factory=list)
    said: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What was written, what was there before (`known`), and which conversations are refused, by external id."""

    users: int = 0
    conversations: int = 0
    messages: int = 0
    known: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    rejected: list[tuple[int, bytes, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Log:
    """The end of a conversation's log, while it is appended to."""

    id: UUID
    seq: int = 0
    number: int = 0
    at: datetime | None = None
    version: int = 0
    is_new: bool = True


async def append(tx: Tx, people: Mapping[str, UserLine], blocks: list[Block]) -> Outcome:
    """Write what is not there yet. Imports beside each other take turns.

    Raises:
        Busy: the log of one of them is still read by those who follow it; try again soon.
    """
    await tx.execute(text(_ONE_IMPORT))
    outcome = Outcome()
    await _mirror(tx, people, blocks, outcome)
    logs = await _hold(tx, blocks)
    fit = [block for block in blocks if block.line.external_id not in outcome.refused]
    await _refuse_taken(tx, fit, logs, outcome)
    fit = [block for block in fit if block.line.external_id not in outcome.refused]
    for block in blocks:
        if (why := outcome.refused.get(block.line.external_id)) is not None:
            outcome.rejected += [(block.number, block.raw, why)] if block.number else []
            outcome.rejected += [(number, raw, why) for _, number, raw in block.messages]
    await _create(tx, fit, logs, outcome)
    await _extend(tx, fit, logs, outcome)
    return outcome


async def _mirror(tx: Tx, people: Mapping[str, UserLine], blocks: list[Block], outcome: Outcome) -> None:
    named = {one.user_id for block in blocks for one in block.line.participants}
    erased = await erased_among(tx, named | set(people))
    for block in blocks:
        if any(one.user_id in erased for one in block.line.participants):
            outcome.refused[block.line.external_id] = "participants: somebody of them was erased"
    profiles = {name: line.model_dump(exclude={"kind", "id"}) for name, line in people.items() if name not in erased}
    await users.mirror(tx, profiles)
    outcome.users += len(profiles)
    driver = await driver_of(tx)
    await driver.execute(
        "INSERT INTO users (id, username) SELECT k, k FROM unnest($1::text[]) k ORDER BY k ON CONFLICT DO NOTHING",
        sorted(named - set(profiles) - erased),
    )


async def _hold(tx: Tx, blocks: list[Block]) -> dict[str, _Log]:
    """By external id, where each log stands."""
    logs = {block.line.external_id: _Log(conversation_id_of(block.line.external_id)) for block in blocks}
    by_id = {log.id: log for log in logs.values()}
    for row in await (await driver_of(tx)).fetch(_HELD, list(by_id)):
        log = by_id[row["id"]]
        log.seq, log.number, log.at = row["last_seq"], row["message_count"], row["updated_at"]
        log.version, log.is_new = row["reads_version"], False
    return logs


async def _refuse_taken(tx: Tx, blocks: list[Block], logs: Mapping[str, _Log], outcome: Outcome) -> None:
    """A pair has one conversation, and so has a reference: in the database, and in this file."""
    new = [block.line for block in blocks if logs[block.line.external_id].is_new]
    keys: dict[tuple[str, ...], str] = {}
    rows = []
    for line in new:
        pair = "\n".join(_pair(line)) if line.conversation_type == "direct" else None
        reference = (line.reference.type, line.reference.id) if line.reference else (None, None)
        rows.append((logs[line.external_id].id, line.conversation_type, *reference, pair))
        if pair is not None or (line.reference is not None and line.conversation_type != "support"):
            key = (pair,) if pair is not None else (line.conversation_type, line.reference.type, line.reference.id)  # type: ignore[union-attr]
            if keys.setdefault(key, line.external_id) != line.external_id:
                outcome.refused[line.external_id] = "another conversation above has this pair or reference"
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        taken = {row["id"] for row in await (await driver_of(tx)).fetch(_TAKEN, *columns)}
        for line in new:
            if logs[line.external_id].id in taken:
                outcome.refused[line.external_id] = "there is a conversation of this pair or reference already"


async def _create(tx: Tx, blocks: list[Block], logs: Mapping[str, _Log], outcome: Outcome) -> None:
    new = {block.line.external_id: block.line for block in blocks if logs[block.line.external_id].is_new}
    conversations, places = [], []
    for line in new.values():
        log = logs[line.external_id]
        log.at = line.created_at
        conversations.append(
            {
                "id": log.id,
                "conversation_type": line.conversation_type,
                "title": line.title,
                "reference_type": line.reference.type if line.reference else None,
                "reference_id": line.reference.id if line.reference else None,
                "direct_pair": _pair(line) if line.conversation_type == "direct" else None,
                "status": line.status,
                "metadata": jsonb(line.metadata),
                "settings": jsonb(line.settings),
                "created_at": line.created_at,
                "updated_at": line.created_at,
            }
        )
        places += [
            {
                "conversation_id": log.id,
                "user_id": one.user_id,
                "role": one.role,
                "joined_at": one.joined_at or line.created_at,
                "left_at": one.left_at,
                "left_seq": 0 if one.left_at else None,
            }
            for one in line.participants
        ]
    await copy(tx, "conversations", conversations)
    await copy(tx, "participants", places)
    outcome.conversations += len(new)


async def _extend(tx: Tx, blocks: list[Block], logs: Mapping[str, _Log], outcome: Outcome) -> None:
    driver = await driver_of(tx)
    ids = [logs[block.line.external_id].id for block in blocks]
    named = [line.external_id for block in blocks for line, _, _ in block.messages]
    there = {(row[0], row[1]) for row in await driver.fetch(_THERE, ids, named)}
    messages: list[dict[str, Any]] = []
    reactions: list[dict[str, Any]] = []
    read_all: list[tuple[UUID, int, int]] = []
    read_some: list[tuple[UUID, str, list[Range[int]]]] = []
    readings: list[dict[str, Any]] = []
    grown: dict[UUID, _Log] = {}
    for block in blocks:
        log, seq_before = logs[block.line.external_id], logs[block.line.external_id].number
        marked: dict[str, list[Range[int]]] = defaultdict(list)
        when: dict[tuple[str, datetime], list[Range[int]]] = defaultdict(list)
        for line, number, raw in block.messages:
            if (log.id, line.external_id) in there:
                outcome.known += 1
                continue
            if log.at is not None and line.created_at < log.at:
                outcome.rejected.append((number, raw, "created_at: is before what the conversation has already"))
                continue
            if log.id not in grown:
                await _pass_over(tx, log)
                grown[log.id] = log
            log.seq, log.number, log.at = log.seq + 1, log.number + 1, line.created_at
            row = _message(log, line, block.said)
            messages.append(row)
            reactions += _reactions(row, line)
            for one in line.read_by:
                marked[one.user_id].append(Range(log.number, log.number + 1))
                when[one.user_id, one.read_at].append(Range(log.number, log.number + 1))
        if block.line.reads == "all" and log.number > seq_before:
            read_all.append((log.id, seq_before + 1, log.number))
        read_some += [(log.id, user_id, ranges) for user_id, ranges in marked.items()]
        for (user_id, read_at), ranges in when.items():
            log.version += 1
            reading = {"conversation_id": log.id, "version": log.version, "user_id": user_id}
            readings.append({**reading, "numbers": ranges, "read_at": read_at})
    await copy(tx, "messages", messages)
    await copy(tx, "events", [message_event(row) for row in messages])
    await copy(tx, "reactions", reactions)
    await copy(tx, "reads", readings)
    if read_all:
        await driver.execute(_READ_ALL, *(list(column) for column in zip(*read_all, strict=True)))
    await driver.executemany(_READ_SOME, read_some)
    if grown:
        heads = [(log.id, log.seq, log.number, log.at, log.version) for log in grown.values()]
        await driver.execute(_RAISE, *(list(column) for column in zip(*heads, strict=True)))
        await cursors.move_past(tx, {log.id: log.seq for log in grown.values()})
    outcome.messages += len(messages)


async def _pass_over(tx: Tx, log: _Log) -> None:
    if not log.is_new and not await cursors.claim_ended(tx, log.id):
        raise Busy(
            f"Notifications of conversation {log.id} are not made yet: let the service run until they are, then "
            "import again."
        )


def _message(log: _Log, line: MessageLine, said: Mapping[str, UUID]) -> dict[str, Any]:
    is_deleted = line.deleted_at is not None
    is_system = line.message_type == "system"
    return {
        "conversation_id": log.id,
        "id": message_id_of(line.conversation, line.external_id, line.created_at),
        "seq": log.seq,
        "number": log.number,
        "sender_id": line.sender,
        "service": "import" if is_system else None,
        "message_type": line.message_type,
        "content": None if is_deleted else line.content,
        "reply_to": said[line.reply_to] if line.reply_to is not None else None,
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


def _pair(line: ConversationLine) -> list[str]:
    return sorted(one.user_id for one in line.participants)
