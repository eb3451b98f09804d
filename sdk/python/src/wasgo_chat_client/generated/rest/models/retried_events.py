from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="RetriedEvents")


@_attrs_define
class RetriedEvents:
    """In how many conversations the parked events are processed again now.

    Attributes:
        conversations (int):
    """

    conversations: int

    def to_dict(self) -> dict[str, Any]:
        conversations = self.conversations

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversations": conversations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversations = d.pop("conversations")

        retried_events = cls(
            conversations=conversations,
        )

        return retried_events
