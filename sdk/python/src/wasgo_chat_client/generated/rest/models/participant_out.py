from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.participant_out_role import check_participant_out_role
from ..models.participant_out_role import ParticipantOutRole
from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.user_out import UserOut


T = TypeVar("T", bound="ParticipantOut")


@_attrs_define
class ParticipantOut:
    """A participant. They have read everything that others sent up to `last_read_seq`.

    Attributes:
        user (UserOut): The public profile of a user.
        role (ParticipantOutRole):
        joined_at (datetime.datetime):
        left_at (datetime.datetime | None):
        last_read_seq (int):
    """

    user: UserOut
    role: ParticipantOutRole
    joined_at: datetime.datetime
    left_at: datetime.datetime | None
    last_read_seq: int

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_out import UserOut  # noqa: PLC0415

        user = self.user.to_dict()

        role: str = self.role

        joined_at = self.joined_at.isoformat()

        left_at: None | str
        if isinstance(self.left_at, datetime.datetime):
            left_at = self.left_at.isoformat()
        else:
            left_at = self.left_at

        last_read_seq = self.last_read_seq

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user": user,
                "role": role,
                "joined_at": joined_at,
                "left_at": left_at,
                "last_read_seq": last_read_seq,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        user = UserOut.from_dict(d.pop("user"))

        role = check_participant_out_role(d.pop("role"))

        joined_at = datetime.datetime.fromisoformat(d.pop("joined_at"))

        def _parse_left_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                left_at_type_0 = datetime.datetime.fromisoformat(data)

                return left_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        left_at = _parse_left_at(d.pop("left_at"))

        last_read_seq = d.pop("last_read_seq")

        participant_out = cls(
            user=user,
            role=role,
            joined_at=joined_at,
            left_at=left_at,
            last_read_seq=last_read_seq,
        )

        return participant_out
