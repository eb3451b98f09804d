"""Before a batch is appended: who its people are, which conversations cannot be, and who is given a place."""

from collections.abc import Mapping
from typing import Any

from wasgo_chat.conversation_types import CONVERSATION_TYPES, REFERENCED_TYPES
from wasgo_chat.data_import.batch import ConversationChunk, ImportResult, LogTail
from wasgo_chat.data_import.copy import driver_of
from wasgo_chat.data_import.format import ConversationLine, UserLine
from wasgo_chat.database.session import Tx
from wasgo_chat.identity import users
from wasgo_chat.identity.erased_users import erased_among

_TAKEN = """
SELECT k.id FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
    AS k(id, type, reference_type, reference_id, pair)
JOIN conversations c ON c.id <> k.id AND (
    (k.pair IS NOT NULL AND c.direct_pair = string_to_array(k.pair, chr(10)))
    OR (k.pair IS NULL AND c.conversation_type = k.type AND c.reference_type = k.reference_type
        AND c.reference_id = k.reference_id AND k.type = ANY($6::text[])))
"""

_PEOPLE = """
SELECT conversation_id, array_agg(user_id) AS people, count(*) FILTER (WHERE left_seq IS NULL) AS present
FROM participants WHERE conversation_id = ANY($1::uuid[]) GROUP BY conversation_id
"""


async def upsert_import_users(
    tx: Tx, people: Mapping[str, UserLine], blocks: list[ConversationChunk], outcome: ImportResult
) -> None:
    """Make or refresh the users whom a batch names, and refuse conversations of somebody who was erased."""
    named = {one.user_id for block in blocks for one in block.line.participants}
    erased = await erased_among(tx, named | set(people))
    for block in blocks:
        if any(one.user_id in erased for one in block.line.participants):
            outcome.refused[block.line.external_id] = "participants: somebody of them was erased"
    profiles = {name: line.model_dump(exclude={"kind", "id"}) for name, line in people.items() if name not in erased}
    await users.upsert_users(tx, profiles)
    outcome.users += len(profiles)
    driver = await driver_of(tx)
    await driver.execute(
        "INSERT INTO users (id, username) SELECT k, k FROM unnest($1::text[]) k ORDER BY k ON CONFLICT DO NOTHING",
        sorted(named - set(profiles) - erased),
    )


async def reject_duplicates(
    tx: Tx, blocks: list[ConversationChunk], logs: Mapping[str, LogTail], outcome: ImportResult
) -> None:
    """A pair has one conversation, and so has a reference: in the database, and in this file."""
    new = [block.line for block in blocks if logs[block.line.external_id].is_new]
    keys: dict[tuple[str, ...], str] = {}
    rows = []
    for line in new:
        type_ = CONVERSATION_TYPES[line.conversation_type]
        pair = "\n".join(pair_of(line)) if type_.has_pair else None
        reference = (line.reference.type, line.reference.id) if line.reference else (None, None)
        rows.append((logs[line.external_id].id, line.conversation_type, *reference, pair))
        if pair is not None or (line.reference is not None and type_.is_referenced):
            key = (pair,) if pair is not None else (line.conversation_type, line.reference.type, line.reference.id)  # type: ignore[union-attr]  # it has one
            if keys.setdefault(key, line.external_id) != line.external_id:
                outcome.refused[line.external_id] = "another conversation above has this pair or reference"
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        taken = {row["id"] for row in await (await driver_of(tx)).fetch(_TAKEN, *columns, [*REFERENCED_TYPES])}
        for line in new:
            if logs[line.external_id].id in taken:
                outcome.refused[line.external_id] = "there is a conversation of this pair or reference already"


async def load_members(tx: Tx, logs: Mapping[str, LogTail]) -> None:
    """Note who has a place in the conversations that are there."""
    by_id = {log.id: log for log in logs.values() if not log.is_new}
    for row in await (await driver_of(tx)).fetch(_PEOPLE, list(by_id)):
        by_id[row["conversation_id"]].people.update(row["people"])
        by_id[row["conversation_id"]].present = row["present"]


def participant_rows(block: ConversationChunk, log: LogTail, most: int) -> tuple[list[dict[str, Any]], str | None]:
    """Rows of those whom a block is the first to name, as of where the log stands, or why there is no place for them.

    What was said before is not unread for who comes later, as if they had come by a door.
    """
    new = [one for one in block.line.participants if one.user_id not in log.people]
    present = log.present + sum(one.left_at is None for one in new)
    if new and log.people and CONVERSATION_TYPES[block.line.conversation_type].has_pair:
        return [], "participants: a direct conversation has the two that it has"
    if new and present > most and log.people:
        return [], f"participants: would have more than {most}"
    log.people.update(one.user_id for one in new)
    log.present = present
    rows = [
        {
            "conversation_id": log.id,
            "user_id": one.user_id,
            "role": one.role,
            "joined_at": one.joined_at or block.line.created_at,
            "joined_seq": log.seq,
            "joined_number": log.number,
            "left_at": one.left_at,
            "left_seq": log.seq if one.left_at else None,
        }
        for one in new
    ]
    return rows, None


def pair_of(line: ConversationLine) -> list[str]:
    """The two of a direct conversation, in the order of their ids."""
    return sorted(one.user_id for one in line.participants)
