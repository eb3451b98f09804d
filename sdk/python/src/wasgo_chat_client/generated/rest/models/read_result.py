from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="ReadResult")


@_attrs_define
class ReadResult:
    """How many messages were newly marked as read, and how many are still unread in the conversations concerned.

    Attributes:
        marked (int):
        unread_count (int):
    """

    marked: int
    unread_count: int

    def to_dict(self) -> dict[str, Any]:
        marked = self.marked

        unread_count = self.unread_count

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "marked": marked,
                "unread_count": unread_count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        marked = d.pop("marked")

        unread_count = d.pop("unread_count")

        read_result = cls(
            marked=marked,
            unread_count=unread_count,
        )

        return read_result
