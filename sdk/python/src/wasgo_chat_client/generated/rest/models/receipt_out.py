from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.user_out import UserOut


T = TypeVar("T", bound="ReceiptOut")


@_attrs_define
class ReceiptOut:
    """A user who marked a message as read, and when.

    Attributes:
        user (UserOut): The public profile of a user.
        read_at (datetime.datetime):
    """

    user: UserOut
    read_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_out import UserOut  # noqa: PLC0415

        user = self.user.to_dict()

        read_at = self.read_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user": user,
                "read_at": read_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        user = UserOut.from_dict(d.pop("user"))

        read_at = datetime.datetime.fromisoformat(d.pop("read_at"))

        receipt_out = cls(
            user=user,
            read_at=read_at,
        )

        return receipt_out
