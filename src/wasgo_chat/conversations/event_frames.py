"""Event frames: an event of the log and the current rows become a JSON frame, encoded once.

Replay joins the current rows, not old revisions, which would return deleted content. Clients apply edits by `revision`
and reactions as sets of users, so a replay of past events converges on the present state.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wasgo_chat.conversations.rendering import load_core, load_participants
from wasgo_chat.core.encoding import encode
from wasgo_chat.database.session import Tx
from wasgo_chat.events import log, types
from wasgo_chat.events.log import EventRow
from wasgo_chat.membership import access
from wasgo_chat.membership.acquaintance import strangers_among
from wasgo_chat.messages.read_receipts import MAX_IDS_IN_SIGNAL, MessagesMarkedRead
from wasgo_chat.messages.rendering import load_messages


@dataclass(frozen=True, slots=True)
class EventFrame:
    """A durable frame: its seq, its bytes, and what the hub needs to know.

    Attributes:
        seq: the event's seq.
        data: the encoded frame.
        removed: the user whose membership ends with the event.
        role: user id and new role, if the event changes a role.
    """

    seq: int
    data: bytes
    removed: str | None = None
    role: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class _Rows:
    """The current rows that the events of a page refer to."""

    messages: dict[UUID, dict[str, Any]]
    participants: dict[str, dict[str, Any]]
    conversation: dict[str, Any]
    member_ids: Sequence[str]
    strangers: set[str]

    def message(self, event: EventRow) -> dict[str, Any] | None:
        """The event's message as `MessageOut`."""
        return self.messages.get(event.message_id) if event.message_id else None

    def participant(self, event: EventRow) -> dict[str, Any] | None:
        """The event's user as `ParticipantOut`."""
        return self.participants.get(event.user_id) if event.user_id else None


async def read_frames(tx: Tx, conversation_id: UUID, after_seq: int, *, limit: int) -> list[EventFrame]:
    """The next frames of a conversation after a seq. The caller has authorized the conversation."""
    events = await log.read_after(tx, conversation_id, after_seq, limit=limit)
    bodies = await render_events(tx, conversation_id, events)
    return [
        EventFrame(
            event.seq,
            encode(body),
            removed=event.user_id if event.type == types.ParticipantRemoved.type else None,
            role=_role_change(body),
        )
        for event, body in zip(events, bodies, strict=True)
    ]


async def render_events(tx: Tx, conversation_id: UUID, events: Sequence[EventRow]) -> list[dict[str, Any]]:
    """Render events as frames, with at most seven queries for all of them, and two more during the erasure of a user.

    An event of a type that this release does not know (during an upgrade, another worker may run a newer one) becomes a
    frame without a body: clients ignore its type and count its `seq`.
    """
    rows = await _load_rows(tx, conversation_id, events)
    frames = []
    for event in events:
        frame = {"type": event.type, "conversation_id": conversation_id, "seq": event.seq}
        if (render := _RENDERERS.get(event.type)) is not None:
            frame |= render(event, rows)
        frames.append(frame)
    return frames


def new_message_frame(conversation_id: UUID, seq: int, message: dict[str, Any]) -> EventFrame:
    """The frame of a message that was stored just now: the same bytes as `read_frames` returns for its event."""
    body = {"type": types.MessageSent.type, "conversation_id": conversation_id, "seq": seq, "message": message}
    return EventFrame(seq, encode(body))


def read_receipt_frame(receipt: MessagesMarkedRead) -> bytes:
    """The `messages_read` frame of a read receipt."""
    frame: dict[str, Any] = {
        "type": "messages_read",
        "conversation_id": receipt.conversation_id,
        "message_ids": receipt.message_ids,
        "user_id": receipt.user_id,
    }
    if receipt.up_to_seq is not None:
        frame["up_to_seq"] = receipt.up_to_seq
    return encode(frame)


def read_receipt_frames(receipt: MessagesMarkedRead) -> list[bytes]:
    """The `messages_read` frames of a read receipt, each with at most `MAX_IDS_IN_SIGNAL` message ids."""
    ids = receipt.message_ids
    starts = range(0, max(len(ids), 1), MAX_IDS_IN_SIGNAL)
    return [
        read_receipt_frame(
            MessagesMarkedRead(
                receipt.conversation_id,
                receipt.version,
                receipt.user_id,
                ids[start : start + MAX_IDS_IN_SIGNAL],
                receipt.up_to_seq,
            )
        )
        for start in starts
    ]


async def _load_rows(tx: Tx, conversation_id: UUID, events: Sequence[EventRow]) -> _Rows:
    needs_core = any(event.type == types.ConversationUpdated.type for event in events)
    needs_members = any(event.type == types.ParticipantRemoved.type and event.data for event in events)
    reacting = {event.user_id for event in events if event.user_id and event.type == types.ReactionUpdated.type}
    return _Rows(
        await load_messages(tx, conversation_id, [event.message_id for event in events if event.message_id]),
        await load_participants(tx, conversation_id, list({event.user_id for event in events if event.user_id})),
        await load_core(tx, conversation_id) if needs_core else {},
        await access.member_ids(tx, conversation_id) if needs_members else [],
        await strangers_among(tx, conversation_id, reacting) if reacting else set(),
    )


def _message(event: EventRow, rows: _Rows) -> dict[str, Any]:
    return {"message": rows.message(event)}


def _deleted_message(event: EventRow, rows: _Rows) -> dict[str, Any]:
    return {"message_id": event.message_id, "message": rows.message(event)}


def _reaction(event: EventRow, rows: _Rows) -> dict[str, Any]:
    participant, message = rows.participant(event), rows.message(event)
    name = event.user_id
    if participant is not None and event.user_id not in rows.strangers:
        name = participant["user"]["username"]
    return {
        "message_id": event.message_id,
        "user_id": event.user_id,
        "username": name,
        **event.data,
        "reactions": message["reactions"] if message else [],
    }


def _participant(event: EventRow, rows: _Rows) -> dict[str, Any]:
    return {"participant": rows.participant(event)}


def _removed_participant(event: EventRow, rows: _Rows) -> dict[str, Any]:
    removed = {"user_id": event.user_id, "by": event.actor_id}
    # Clients may know an erased user by another id than the event has now; they need the list of the remaining members.
    return {**removed, "member_ids": rows.member_ids} if event.data.get("erased") else removed


def _conversation(_: EventRow, rows: _Rows) -> dict[str, Any]:
    return {"conversation": rows.conversation}


_RENDERERS: dict[str, Callable[[EventRow, _Rows], dict[str, Any]]] = {
    types.MessageSent.type: _message,
    types.MessageEdited.type: _message,
    types.MessageDeleted.type: _deleted_message,
    types.ReactionUpdated.type: _reaction,
    types.ParticipantAdded.type: _participant,
    types.ParticipantUpdated.type: _participant,
    types.ParticipantRemoved.type: _removed_participant,
    types.ConversationUpdated.type: _conversation,
}


def _role_change(frame: dict[str, Any]) -> tuple[str, str] | None:
    if frame["type"] != types.ParticipantUpdated.type:
        return None
    return frame["participant"]["user"]["id"], frame["participant"]["role"]
