from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="PresenceOut")


@_attrs_define
class PresenceOut:
    """Whether a user is online. A user whom the caller is not acquainted with looks like an unknown one.

    Attributes:
        user_id (str):
        online (bool):
        last_seen (datetime.datetime | None):
    """

    user_id: str
    online: bool
    last_seen: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        user_id = self.user_id

        online = self.online

        last_seen: None | str
        if isinstance(self.last_seen, datetime.datetime):
            last_seen = self.last_seen.isoformat()
        else:
            last_seen = self.last_seen

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "user_id": user_id,
                "online": online,
                "last_seen": last_seen,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        user_id = d.pop("user_id")

        online = d.pop("online")

        def _parse_last_seen(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_seen = _parse_last_seen(d.pop("last_seen"))

        presence_out = cls(
            user_id=user_id,
            online=online,
            last_seen=last_seen,
        )

        return presence_out
