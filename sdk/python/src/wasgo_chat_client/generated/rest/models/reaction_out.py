from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="ReactionOut")


@_attrs_define
class ReactionOut:
    """An emoji on a message, and the users who reacted with it. `me` (the caller did) is in HTTP responses only.

    Attributes:
        emoji (str):
        count (int):
        user_ids (list[str]):
        me (bool | None | Unset):
    """

    emoji: str
    count: int
    user_ids: list[str]
    me: bool | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        emoji = self.emoji

        count = self.count

        user_ids = self.user_ids

        me: bool | None | Unset
        if isinstance(self.me, Unset):
            me = UNSET
        else:
            me = self.me

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "emoji": emoji,
                "count": count,
                "user_ids": user_ids,
            }
        )
        if me is not UNSET:
            field_dict["me"] = me

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        emoji = d.pop("emoji")

        count = d.pop("count")

        user_ids = cast(list[str], d.pop("user_ids"))

        def _parse_me(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        me = _parse_me(d.pop("me", UNSET))

        reaction_out = cls(
            emoji=emoji,
            count=count,
            user_ids=user_ids,
            me=me,
        )

        return reaction_out
