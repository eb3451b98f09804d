from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="Reference")


@_attrs_define
class Reference:
    """The platform's object that a conversation is about, as an opaque pair.

    Attributes:
        type_ (str):
        id (str):
    """

    type_: str
    id: str

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        id = self.id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "type": type_,
                "id": id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = d.pop("type")

        id = d.pop("id")

        if d:
            raise ChatError("invalid", f"Reference has no {', '.join(sorted(map(str, d)))}")

        reference = cls(
            type_=type_,
            id=id,
        )

        return reference
