"""Users and participants of an import: creates users, rejects duplicate conversations, adds participants."""

from collections.abc import Mapping
from typing import Any

from wasgo_chat.conversation_types import CONVERSATION_TYPES, REFERENCED_TYPES
from wasgo_chat.data_import.batch import ConversationChunk, ImportResult, LogTail
from wasgo_chat.data_import.format import ConversationLine, UserLine
from wasgo_chat.database.copy import driver_connection
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

_PARTICIPANTS = """
SELECT conversation_id, array_agg(user_id) AS user_ids, count(*) FILTER (WHERE left_seq IS NULL) AS current
FROM participants WHERE conversation_id = ANY($1::uuid[]) GROUP BY conversation_id
"""


async def upsert_import_users(
    tx: Tx, user_lines: Mapping[str, UserLine], chunks: list[ConversationChunk], result: ImportResult
) -> None:
    """Create or update the users of a batch. Conversations with an erased participant are rejected."""
    user_ids = {participant.user_id for chunk in chunks for participant in chunk.line.participants}
    erased = await erased_among(tx, user_ids | set(user_lines))
    for chunk in chunks:
        if any(participant.user_id in erased for participant in chunk.line.participants):
            result.refused[chunk.line.external_id] = "participants: includes an erased user"
    profiles = {
        user_id: line.model_dump(exclude={"kind", "id"}, exclude_unset=True)
        for user_id, line in user_lines.items()
        if user_id not in erased
    }
    await users.upsert_users(tx, profiles)
    result.users += len(profiles)
    connection = await driver_connection(tx)
    await connection.execute(
        "INSERT INTO users (id, username) SELECT k, k FROM unnest($1::text[]) k ORDER BY k ON CONFLICT DO NOTHING",
        sorted(user_ids - set(profiles) - erased),
    )


async def reject_duplicates(
    tx: Tx, chunks: list[ConversationChunk], logs: Mapping[str, LogTail], result: ImportResult
) -> None:
    """Reject a second conversation of a pair or reference, in the database or in this file."""
    new = [chunk.line for chunk in chunks if logs[chunk.line.external_id].is_new]
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
                result.refused[line.external_id] = "a conversation above has the same pair or reference"
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        taken = {row["id"] for row in await (await driver_connection(tx)).fetch(_TAKEN, *columns, [*REFERENCED_TYPES])}
        for line in new:
            if logs[line.external_id].id in taken:
                result.refused[line.external_id] = "a conversation with this pair or reference exists already"


async def load_members(tx: Tx, logs: Mapping[str, LogTail]) -> None:
    """Load the participants of the conversations that exist."""
    by_id = {log.id: log for log in logs.values() if not log.is_new}
    for row in await (await driver_connection(tx)).fetch(_PARTICIPANTS, list(by_id)):
        by_id[row["conversation_id"]].user_ids.update(row["user_ids"])
        by_id[row["conversation_id"]].current_count = row["current"]


def participant_rows(
    chunk: ConversationChunk, log: LogTail, max_participants: int
) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of participants who are new in a chunk, joining at the end of the log; or the reason for rejecting it.

    As with participants who are added by a request, earlier messages are not unread for them.
    """
    new = [participant for participant in chunk.line.participants if participant.user_id not in log.user_ids]
    current_count = log.current_count + sum(participant.left_at is None for participant in new)
    if new and log.user_ids and CONVERSATION_TYPES[chunk.line.conversation_type].has_pair:
        return [], "participants: a direct conversation cannot get another one"
    if new and current_count > max_participants and log.user_ids:
        return [], f"participants: would be more than {max_participants}"
    log.user_ids.update(participant.user_id for participant in new)
    log.current_count = current_count
    rows = [
        {
            "conversation_id": log.id,
            "user_id": participant.user_id,
            "role": participant.role,
            "joined_at": participant.joined_at or chunk.line.created_at,
            "joined_seq": log.seq,
            "joined_number": log.number,
            "left_at": participant.left_at,
            "left_seq": log.seq if participant.left_at else None,
        }
        for participant in new
    ]
    return rows, None


def pair_of(line: ConversationLine) -> list[str]:
    """The two participants of a direct conversation, sorted by id."""
    return sorted(participant.user_id for participant in line.participants)
