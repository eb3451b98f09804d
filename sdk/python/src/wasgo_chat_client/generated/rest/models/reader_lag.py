from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="ReaderLag")


@_attrs_define
class ReaderLag:
    """The lag of a consumer of the feed.

    Attributes:
        reader (str):
        conversations (int): Conversations with events that it has not processed.
        events (int):
        oldest_at (datetime.datetime | None): When the oldest of those events was created.
    """

    reader: str
    conversations: int
    events: int
    oldest_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        reader = self.reader

        conversations = self.conversations

        events = self.events

        oldest_at: None | str
        if isinstance(self.oldest_at, datetime.datetime):
            oldest_at = self.oldest_at.isoformat()
        else:
            oldest_at = self.oldest_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reader": reader,
                "conversations": conversations,
                "events": events,
                "oldest_at": oldest_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        reader = d.pop("reader")

        conversations = d.pop("conversations")

        events = d.pop("events")

        def _parse_oldest_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_at_type_0 = datetime.datetime.fromisoformat(data)

                return oldest_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        oldest_at = _parse_oldest_at(d.pop("oldest_at"))

        reader_lag = cls(
            reader=reader,
            conversations=conversations,
            events=events,
            oldest_at=oldest_at,
        )

        return reader_lag
