"""The log as clients see it: an event and the current rows become a frame, encoded once.

Replay joins the rows as they stand now, never old revisions: those would bring deleted text back. Clients apply
edits by `revision` and reactions as sets of users, so that a replayed past converges on the present.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wasgo_chat.conversations.rendering import load_core, load_participants
from wasgo_chat.core.encoding import encode
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log
from wasgo_chat.events.log import EventRow
from wasgo_chat.events.types import MessageSent
from wasgo_chat.membership import access
from wasgo_chat.messages.read_receipts import MessagesMarkedRead
from wasgo_chat.messages.rendering import load_messages


@dataclass(frozen=True, slots=True)
class EventFrame:
    """A durable frame: its seq, its bytes, and what the hub itself must know of it."""

    seq: int
    data: bytes
    removed: str | None = None
    role: tuple[str, str] | None = None


async def read_frames(tx: Tx, conversation_id: UUID, after_seq: int, *, limit: int) -> list[EventFrame]:
    """The next frames of a conversation, for callers that have entered it."""
    rows = await log.read_after(tx, conversation_id, after_seq, limit=limit)
    bodies = await render_events(tx, conversation_id, rows)
    return [
        EventFrame(
            row.seq,
            encode(body),
            removed=row.user_id if row.type == "participant_removed" else None,
            role=_role_change(body),
        )
        for row, body in zip(rows, bodies, strict=True)
    ]


async def render_events(tx: Tx, conversation_id: UUID, rows: Sequence[EventRow]) -> list[dict[str, Any]]:
    """Events as plain frames, with at most five queries for all of them; two more while somebody is being erased."""
    messages = await load_messages(tx, conversation_id, [row.message_id for row in rows if row.message_id])
    people = await load_participants(tx, conversation_id, list({row.user_id for row in rows if row.user_id}))
    needs_core = any(row.type == "conversation_updated" for row in rows)
    core = await load_core(tx, conversation_id) if needs_core else {}
    needs_members = any(row.type == "participant_removed" and row.data for row in rows)
    members = await access.member_ids(tx, conversation_id) if needs_members else []
    return [
        {
            "type": row.type,
            "conversation_id": conversation_id,
            "seq": row.seq,
            **_body(row, messages, people, core, members),
        }
        for row in rows
    ]


def new_message_frame(conversation_id: UUID, seq: int, message: dict[str, Any]) -> EventFrame:
    """The `new_message` of a message that is at hand: the same bytes as `frames_since` makes of its event."""
    body = {"type": MessageSent.type, "conversation_id": conversation_id, "seq": seq, "message": message}
    return EventFrame(seq, encode(body))


def _body(
    row: EventRow,
    messages: dict[UUID, dict[str, Any]],
    people: dict[str, dict[str, Any]],
    core: dict[str, Any],
    members: Sequence[str],
) -> dict[str, Any]:
    message = messages.get(row.message_id) if row.message_id else None
    person = people.get(row.user_id) if row.user_id else None
    match row.type:
        case "new_message" | "message_edited":
            return {"message": message}
        case "message_deleted":
            return {"message_id": row.message_id, "message": message}
        case "reaction_update":
            return {
                "message_id": row.message_id,
                "user_id": row.user_id,
                "username": person["user"]["username"] if person else row.user_id,
                **row.data,
                "reactions": message["reactions"] if message else [],
            }
        case "participant_added" | "participant_updated":
            return {"participant": person}
        case "participant_removed":
            removed = {"user_id": row.user_id, "by": row.actor_id}
            # Whom the client knows by another id can only be told from who is left.
            return {**removed, "member_ids": members} if row.data.get("erased") else removed
        case "conversation_updated":
            return {"conversation": core}
    raise AssertionError(f"no frame for {row.type}")


def _role_change(body: dict[str, Any]) -> tuple[str, str] | None:
    if body["type"] != "participant_updated":
        return None
    return body["participant"]["user"]["id"], body["participant"]["role"]


def read_receipt_frame(reading: MessagesMarkedRead) -> bytes:
    """A reading as its `messages_read` signal."""
    frame: dict[str, Any] = {
        "type": "messages_read",
        "conversation_id": reading.conversation_id,
        "message_ids": reading.message_ids,
        "user_id": reading.user_id,
    }
    if reading.up_to_seq is not None:
        frame["up_to_seq"] = reading.up_to_seq
    return encode(frame)


def read_receipt_frames(reading: MessagesMarkedRead) -> list[bytes]:
    """The same in frames of at most 100 ids."""
    ids = reading.message_ids
    starts = range(0, max(len(ids), 1), 100)
    return [
        read_receipt_frame(
            MessagesMarkedRead(
                reading.conversation_id,
                reading.version,
                reading.user_id,
                ids[at : at + 100],
                reading.up_to_seq,
            )
        )
        for at in starts
    ]
