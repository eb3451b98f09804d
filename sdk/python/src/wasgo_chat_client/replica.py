"""A local copy of a conversation: a snapshot, updated by events. It does no I/O.

It follows the rules of "Staying in sync" in docs/protocol.md: whichever part of the log is replayed, the result is the
current state.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from wasgo_chat_client.generated.frames import ConversationCore, MessageOut, ParticipantOut

ApplyResult = Literal["applied", "duplicate", "gap"]
"""`duplicate`: the replica had the event already. `gap`: events before it are missing, and it was not applied."""

PREVIEW_CHARS = 140
# Members of a snapshot that are not part of `ConversationCore`.
_NOT_IN_CORE = ("participants", "participant_count", "last_message", "last_seq", "unread_count", "is_archived")


class Replica:
    """A copy of a conversation.

    `last_seq` is the seq of the last event that it includes; `has_older` tells whether there are messages before those
    that it has.
    """

    def __init__(
        self,
        snapshot: Mapping[str, Any],
        messages: Iterable[MessageOut],
        last_seq: int,
        *,
        has_older: bool = False,
    ) -> None:
        core = {key: value for key, value in snapshot.items() if key not in _NOT_IN_CORE}
        self.conversation = cast("ConversationCore", core)
        self.participants: dict[str, ParticipantOut] = {one["user"]["id"]: one for one in snapshot["participants"]}
        self.messages: dict[str, MessageOut] = {message["id"]: message for message in messages}
        self.last_seq = last_seq
        self._oldest_seq = 0
        self._set_has_older(has_older=has_older)

    @property
    def has_older(self) -> bool:
        """Whether there are messages before those of `ordered_messages`."""
        return self._oldest_seq > 0

    def add_older(self, messages: Iterable[MessageOut], *, has_older: bool) -> None:
        """Add the page before `ordered_messages`."""
        self._oldest_seq = 0
        for message in messages:
            self.put_message(message)
        self._set_has_older(has_older=has_older)

    def apply(self, frame: Mapping[str, Any]) -> ApplyResult:
        """Apply an event."""
        if frame["seq"] <= self.last_seq:
            return "duplicate"
        if frame["seq"] != self.last_seq + 1:
            return "gap"
        self.last_seq = frame["seq"]
        match frame["type"]:
            case "new_message" | "message_edited" | "message_deleted":
                self.put_message(frame["message"])
            case "reaction_update":
                if (message := self.messages.get(frame["message_id"])) is not None:
                    self.messages[message["id"]] = {**message, "reactions": frame["reactions"]}
            case "participant_added" | "participant_updated":
                participant: ParticipantOut = frame["participant"]
                if participant["left_at"] is None:
                    self.participants[participant["user"]["id"]] = participant
                else:
                    self.participants.pop(participant["user"]["id"], None)
            case "participant_removed":
                self.participants.pop(frame["user_id"], None)
                # After an erasure, a participant may still be known here by the user id from before it.
                if (member_ids := frame.get("member_ids")) is not None:
                    self.participants = {key: one for key, one in self.participants.items() if key in member_ids}
            case "conversation_updated":
                self.conversation = frame["conversation"]
        return "applied"

    def put_message(self, message: MessageOut) -> None:
        """Add or replace a message, unless the replica has a later revision of it, or its page is not loaded."""
        known = self.messages.get(message["id"])
        if known is not None and message["revision"] < known["revision"]:
            return
        if known is not None or message["seq"] >= self._oldest_seq:
            self.messages[message["id"]] = message
        if message["revision"] > 1:
            self._update_reply_previews(message)

    def mark_read(self, user_id: str, up_to_seq: int | None) -> None:
        """The user has read all messages up to a seq."""
        participant = self.participants.get(user_id)
        if participant is not None and up_to_seq is not None and up_to_seq > participant["last_read_seq"]:
            self.participants[user_id] = {**participant, "last_read_seq": up_to_seq}

    def ordered_messages(self) -> list[MessageOut]:
        """Messages by seq, including tombstones."""
        return sorted(self.messages.values(), key=lambda message: message["seq"])

    def _set_has_older(self, *, has_older: bool) -> None:
        self._oldest_seq = min((message["seq"] for message in self.messages.values()), default=0) if has_older else 0

    def _update_reply_previews(self, message: MessageOut) -> None:
        content = None if message["content"] is None else message["content"][:PREVIEW_CHARS]
        for reply in tuple(self.messages.values()):
            preview = reply["reply_preview"]
            if reply["reply_to"] == message["id"] and preview is not None:
                changed = {"content": content, "is_deleted": message["is_deleted"], "sender": message["sender"]}
                self.messages[reply["id"]] = cast("MessageOut", {**reply, "reply_preview": {**preview, **changed}})
