from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reaction_update_action import check_reaction_update_action
from ..models.reaction_update_action import ReactionUpdateAction
from typing import cast
from typing import Literal, cast
from uuid import UUID

if TYPE_CHECKING:
    from ..models.reaction_out import ReactionOut


T = TypeVar("T", bound="ReactionUpdate")


@_attrs_define
class ReactionUpdate:
    """A user added or removed a reaction; `reactions` are all current reactions to the message.

    Attributes:
        conversation_id (UUID):
        seq (int):
        type_ (Literal['reaction_update']):
        message_id (UUID):
        user_id (str):
        username (str):
        emoji (str):
        action (ReactionUpdateAction):
        reactions (list[ReactionOut]):
    """

    conversation_id: UUID
    seq: int
    type_: Literal["reaction_update"]
    message_id: UUID
    user_id: str
    username: str
    emoji: str
    action: ReactionUpdateAction
    reactions: list[ReactionOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415

        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        message_id = str(self.message_id)

        user_id = self.user_id

        username = self.username

        emoji = self.emoji

        action: str = self.action

        reactions = []
        for reactions_item_data in self.reactions:
            reactions_item = reactions_item_data.to_dict()
            reactions.append(reactions_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "type": type_,
                "message_id": message_id,
                "user_id": user_id,
                "username": username,
                "emoji": emoji,
                "action": action,
                "reactions": reactions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415

        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        type_ = cast(Literal["reaction_update"], d.pop("type"))
        if type_ != "reaction_update":
            raise ValueError(f"type must match const 'reaction_update', got '{type_}'")

        message_id = UUID(d.pop("message_id"))

        user_id = d.pop("user_id")

        username = d.pop("username")

        emoji = d.pop("emoji")

        action = check_reaction_update_action(d.pop("action"))

        reactions = []
        _reactions = d.pop("reactions")
        for reactions_item_data in _reactions:
            reactions_item = ReactionOut.from_dict(reactions_item_data)

            reactions.append(reactions_item)

        reaction_update = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            message_id=message_id,
            user_id=user_id,
            username=username,
            emoji=emoji,
            action=action,
            reactions=reactions,
        )

        return reaction_update
