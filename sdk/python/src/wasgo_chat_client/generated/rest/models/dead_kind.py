from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.dead_kind_channel import check_dead_kind_channel
from ..models.dead_kind_channel import DeadKindChannel
from typing import cast
import datetime


T = TypeVar("T", bound="DeadKind")


@_attrs_define
class DeadKind:
    """Dead deliveries of one channel that failed for one reason.

    Attributes:
        channel (DeadKindChannel):
        error (None | str):
        count (int):
        oldest_at (datetime.datetime):
        newest_at (datetime.datetime):
    """

    channel: DeadKindChannel
    error: None | str
    count: int
    oldest_at: datetime.datetime
    newest_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        channel: str = self.channel

        error: None | str
        error = self.error

        count = self.count

        oldest_at = self.oldest_at.isoformat()

        newest_at = self.newest_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "channel": channel,
                "error": error,
                "count": count,
                "oldest_at": oldest_at,
                "newest_at": newest_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        channel = check_dead_kind_channel(d.pop("channel"))

        def _parse_error(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        error = _parse_error(d.pop("error"))

        count = d.pop("count")

        oldest_at = datetime.datetime.fromisoformat(d.pop("oldest_at"))

        newest_at = datetime.datetime.fromisoformat(d.pop("newest_at"))

        dead_kind = cls(
            channel=channel,
            error=error,
            count=count,
            oldest_at=oldest_at,
            newest_at=newest_at,
        )

        return dead_kind
