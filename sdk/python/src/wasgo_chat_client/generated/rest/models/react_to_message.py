from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.react_to_message_action_type_0 import check_react_to_message_action_type_0
from ..models.react_to_message_action_type_0 import ReactToMessageActionType0
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="ReactToMessage")


@_attrs_define
class ReactToMessage:
    """An emoji, and whether to add or remove it; without an action it is toggled.

    Attributes:
        emoji (str):
        action (None | ReactToMessageActionType0 | Unset):
    """

    emoji: str
    action: None | ReactToMessageActionType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        emoji = self.emoji

        action: None | str | Unset
        if isinstance(self.action, Unset):
            action = UNSET
        elif isinstance(self.action, str):
            action = self.action
        else:
            action = self.action

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "emoji": emoji,
            }
        )
        if action is not UNSET:
            field_dict["action"] = action

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        emoji = d.pop("emoji")

        def _parse_action(data: object) -> None | ReactToMessageActionType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                action_type_0 = check_react_to_message_action_type_0(data)

                return action_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReactToMessageActionType0 | Unset, data)

        action = _parse_action(d.pop("action", UNSET))

        if d:
            raise ChatError("invalid", f"ReactToMessage has no {', '.join(sorted(map(str, d)))}")

        react_to_message = cls(
            emoji=emoji,
            action=action,
        )

        return react_to_message
