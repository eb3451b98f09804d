from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="Revoked")


@_attrs_define
class Revoked:
    """Tokens of the user issued before this moment are refused.

    Attributes:
        user_id (str):
        revoked_before (datetime.datetime):
    """

    user_id: str
    revoked_before: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        revoked_before = self.revoked_before.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
                "revoked_before": revoked_before,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        revoked_before = datetime.datetime.fromisoformat(d.pop("revoked_before"))

        revoked = cls(
            user_id=user_id,
            revoked_before=revoked_before,
        )

        return revoked
