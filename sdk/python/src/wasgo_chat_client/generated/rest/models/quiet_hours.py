from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="QuietHours")


@_attrs_define
class QuietHours:
    """Local times in `time_zone` between which no e-mail, push or webhook is sent. They are sent afterwards.

    Attributes:
        start (str):
        end (str):
        time_zone (str):
    """

    start: str
    end: str
    time_zone: str

    def to_dict(self) -> dict[str, Any]:
        start = self.start

        end = self.end

        time_zone = self.time_zone

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "start": start,
                "end": end,
                "time_zone": time_zone,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        start = d.pop("start")

        end = d.pop("end")

        time_zone = d.pop("time_zone")

        if d:
            raise ChatError("invalid", f"QuietHours has no {', '.join(sorted(map(str, d)))}")

        quiet_hours = cls(
            start=start,
            end=end,
            time_zone=time_zone,
        )

        return quiet_hours
