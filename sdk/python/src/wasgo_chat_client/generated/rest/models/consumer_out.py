from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="ConsumerOut")


@_attrs_define
class ConsumerOut:
    """A consumer of the feed, and the events that it has not processed, apart from the parked ones.

    Attributes:
        name (str):
        conversations (int):
        events (int):
        oldest_at (datetime.datetime | None): When the oldest of those events was created.
        is_rebuilding (bool): It processes all logs again; `events` does not count them.
        parked_conversations (int): Conversations with parked events.
        parked_events (int): Events that it could not process, and those that wait behind them.
    """

    name: str
    conversations: int
    events: int
    oldest_at: datetime.datetime | None
    is_rebuilding: bool
    parked_conversations: int
    parked_events: int

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        conversations = self.conversations

        events = self.events

        oldest_at: None | str
        if isinstance(self.oldest_at, datetime.datetime):
            oldest_at = self.oldest_at.isoformat()
        else:
            oldest_at = self.oldest_at

        is_rebuilding = self.is_rebuilding

        parked_conversations = self.parked_conversations

        parked_events = self.parked_events

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "conversations": conversations,
                "events": events,
                "oldest_at": oldest_at,
                "is_rebuilding": is_rebuilding,
                "parked_conversations": parked_conversations,
                "parked_events": parked_events,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

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

        is_rebuilding = d.pop("is_rebuilding")

        parked_conversations = d.pop("parked_conversations")

        parked_events = d.pop("parked_events")

        consumer_out = cls(
            name=name,
            conversations=conversations,
            events=events,
            oldest_at=oldest_at,
            is_rebuilding=is_rebuilding,
            parked_conversations=parked_conversations,
            parked_events=parked_events,
        )

        return consumer_out
