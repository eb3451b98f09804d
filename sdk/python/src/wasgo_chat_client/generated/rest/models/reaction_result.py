from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reaction_result_action import check_reaction_result_action
from ..models.reaction_result_action import ReactionResultAction
from typing import cast

if TYPE_CHECKING:
    from ..models.reaction_out import ReactionOut


T = TypeVar("T", bound="ReactionResult")


@_attrs_define
class ReactionResult:
    """What happened, and the message's reactions after it.

    Attributes:
        action (ReactionResultAction):
        reactions (list[ReactionOut]):
    """

    action: ReactionResultAction
    reactions: list[ReactionOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415

        action: str = self.action

        reactions = []
        for reactions_item_data in self.reactions:
            reactions_item = reactions_item_data.to_dict()
            reactions.append(reactions_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "action": action,
                "reactions": reactions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415

        d = dict(src_dict)
        action = check_reaction_result_action(d.pop("action"))

        reactions = []
        _reactions = d.pop("reactions")
        for reactions_item_data in _reactions:
            reactions_item = ReactionOut.from_dict(reactions_item_data)

            reactions.append(reactions_item)

        reaction_result = cls(
            action=action,
            reactions=reactions,
        )

        return reaction_result
