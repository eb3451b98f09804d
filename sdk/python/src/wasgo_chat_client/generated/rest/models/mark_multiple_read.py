from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID


T = TypeVar("T", bound="MarkMultipleRead")


@_attrs_define
class MarkMultipleRead:
    """Messages to mark as read, of one conversation or several.

    Attributes:
        message_ids (list[UUID]):
    """

    message_ids: list[UUID]

    def to_dict(self) -> dict[str, Any]:
        message_ids = []
        for message_ids_item_data in self.message_ids:
            message_ids_item = str(message_ids_item_data)
            message_ids.append(message_ids_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "message_ids": message_ids,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        message_ids = []
        _message_ids = d.pop("message_ids")
        for message_ids_item_data in _message_ids:
            message_ids_item = UUID(message_ids_item_data)

            message_ids.append(message_ids_item)

        if d:
            raise ChatError("invalid", f"MarkMultipleRead has no {', '.join(sorted(map(str, d)))}")

        mark_multiple_read = cls(
            message_ids=message_ids,
        )

        return mark_multiple_read
