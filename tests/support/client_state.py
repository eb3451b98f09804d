"""A client's state of a conversation: a snapshot, updated by events as docs/protocol.md specifies."""

from typing import Any

from tests.support.world import Json, Person

PREVIEW_CHARS = 140


class ClientState:
    """The state of one member. Old events may be applied again: the state converges by seq and revision."""

    def __init__(self, conversation: Json, messages: list[Json]) -> None:
        self.conversation = {key: conversation[key] for key in _CORE}
        self.last_seq: int = conversation["last_seq"]
        self.participants = {one["user"]["id"]: _person(one) for one in conversation["participants"]}
        self.messages = {one["id"]: _message(one) for one in messages}

    @classmethod
    async def load(cls, person: Person, conversation: Json) -> "ClientState":
        """Load a snapshot in which the messages and the conversation have the same head."""
        while True:
            detail = await person.get_conversation(conversation)
            messages = await person.history(conversation)
            if (await person.get_conversation(conversation))["last_seq"] == detail["last_seq"]:
                return cls(detail, messages)

    def apply(self, frame: Json) -> None:
        """Apply one event frame."""
        assert frame["seq"] == self.last_seq + 1, (frame["seq"], self.last_seq)
        self.last_seq = frame["seq"]
        match frame["type"]:
            case "new_message" | "message_edited" | "message_deleted":
                self._apply_message(_message(frame["message"]))
            case "reaction_update":
                message = self.messages.get(frame["message_id"])
                if message is not None:
                    message["reactions"] = _reactions(frame["reactions"])
            case "participant_added" | "participant_updated":
                person = _person(frame["participant"])
                self.participants[person["user"]["id"]] = person
                if frame["participant"]["left_at"] is not None:
                    self.participants.pop(person["user"]["id"])
            case "participant_removed":
                self.participants.pop(frame["user_id"], None)
                if "member_ids" in frame:
                    self.participants = {
                        key: one for key, one in self.participants.items() if key in frame["member_ids"]
                    }
            case "conversation_updated":
                self.conversation = {key: frame["conversation"][key] for key in _CORE}

    def _apply_message(self, message: Json) -> None:
        known = self.messages.get(message["id"])
        if known is None or message["revision"] >= known["revision"]:
            self.messages[message["id"]] = message
        for other in self.messages.values():
            if other["reply_to"] == message["id"]:
                content = message["content"]
                other["reply_preview"]["content"] = None if content is None else content[:PREVIEW_CHARS]
                other["reply_preview"]["is_deleted"] = message["is_deleted"]
                other["reply_preview"]["sender"] = message["sender"]

    def state(self) -> dict[str, Any]:
        """Everything, for comparisons."""
        return {
            "conversation": self.conversation,
            "last_seq": self.last_seq,
            "people": self.participants,
            "messages": dict(sorted(self.messages.items())),
        }


_CORE = ("id", "conversation_type", "title", "reference", "status", "metadata", "settings", "created_at")


def _person(participant: Json) -> Json:
    return {key: participant[key] for key in ("user", "role", "joined_at")}


def _message(message: Json) -> Json:
    return {**message, "reactions": _reactions(message["reactions"])}


def _reactions(reactions: list[Json]) -> dict[str, set[str]]:
    return {one["emoji"]: set(one["user_ids"]) for one in reactions}
