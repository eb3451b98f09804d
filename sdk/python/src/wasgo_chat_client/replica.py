"""A client's copy of a conversation: a snapshot, brought up to date by durable frames. Knows nothing of networks.

The rules are those of "Staying in sync" in docs/protocol.md: whatever part of the past is replayed, the copy ends at
the present.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from wasgo_chat_client.generated.frames import ConversationCore, MessageOut, ParticipantOut

Applied = Literal["taken", "known", "gap"]
"""What became of a frame: taken, known before, or there is a gap before it."""

PREVIEW_CHARS = 140
_OF_THE_READER = ("participants", "last_message", "last_seq", "unread_count", "is_archived")


class Replica:
    """What is known of a conversation; `last` is the seq up to which it is true."""

    def __init__(self, snapshot: Mapping[str, Any], messages: Iterable[MessageOut], last: int) -> None:
        core = {key: value for key, value in snapshot.items() if key not in _OF_THE_READER}
        self.conversation = cast("ConversationCore", core)
        self.participants: dict[str, ParticipantOut] = {one["user"]["id"]: one for one in snapshot["participants"]}
        self.messages: dict[str, MessageOut] = {one["id"]: one for one in messages}
        self.last = last

    def apply(self, frame: Mapping[str, Any]) -> Applied:
        """Take one durable frame."""
        if frame["seq"] <= self.last:
            return "known"
        if frame["seq"] != self.last + 1:
            return "gap"
        self.last = frame["seq"]
        match frame["type"]:
            case "new_message" | "message_edited" | "message_deleted":
                self.take(frame["message"])
            case "reaction_update":
                if (known := self.messages.get(frame["message_id"])) is not None:
                    self.messages[known["id"]] = {**known, "reactions": frame["reactions"]}
            case "participant_added" | "participant_updated":
                participant: ParticipantOut = frame["participant"]
                if participant["left_at"] is None:
                    self.participants[participant["user"]["id"]] = participant
                else:
                    self.participants.pop(participant["user"]["id"], None)
            case "participant_removed":
                self.participants.pop(frame["user_id"], None)
                if (left := frame.get("member_ids")) is not None:  # somebody was erased, under an id of old
                    self.participants = {key: one for key, one in self.participants.items() if key in left}
            case "conversation_updated":
                self.conversation = frame["conversation"]
        return "taken"

    def take(self, message: MessageOut) -> None:
        """Take a message in if it is new, or not older than the known one."""
        known = self.messages.get(message["id"])
        if known is not None and message["revision"] < known["revision"]:
            return
        self.messages[message["id"]] = message
        if message["revision"] > 1:
            self._renew_previews(message)

    def read(self, user_id: str, up_to_seq: int | None) -> None:
        """Somebody has read everything up to a seq."""
        participant = self.participants.get(user_id)
        if participant is not None and up_to_seq is not None and up_to_seq > participant["last_read_seq"]:
            self.participants[user_id] = {**participant, "last_read_seq": up_to_seq}

    def ordered(self) -> list[MessageOut]:
        """Messages by seq; tombstones stay in their place."""
        return sorted(self.messages.values(), key=lambda message: message["seq"])

    def _renew_previews(self, message: MessageOut) -> None:
        content = None if message["content"] is None else message["content"][:PREVIEW_CHARS]
        for reply in tuple(self.messages.values()):
            preview = reply["reply_preview"]
            if reply["reply_to"] == message["id"] and preview is not None:
                now = {"content": content, "is_deleted": message["is_deleted"], "sender": message["sender"]}
                renewed = {**preview, **now}
                self.messages[reply["id"]] = cast("MessageOut", {**reply, "reply_preview": renewed})
