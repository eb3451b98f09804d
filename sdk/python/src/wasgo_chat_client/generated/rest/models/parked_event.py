from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID
import datetime


T = TypeVar("T", bound="ParkedEvent")


@_attrs_define
class ParkedEvent:
    """The first event of a conversation that a consumer could not process. The later ones wait behind it.

    Attributes:
        conversation_id (UUID):
        seq (int):
        events (int): The number of events of the conversation that wait, this one among them.
        type_ (str):
        error (str): The kind of the error. The log of the service has its message, as `event_parked`.
        attempts (int): Failed attempts. 0: it was processed, and the events behind it are next.
        parked_at (datetime.datetime):
        retry_at (datetime.datetime):
    """

    conversation_id: UUID
    seq: int
    events: int
    type_: str
    error: str
    attempts: int
    parked_at: datetime.datetime
    retry_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        conversation_id = str(self.conversation_id)

        seq = self.seq

        events = self.events

        type_ = self.type_

        error = self.error

        attempts = self.attempts

        parked_at = self.parked_at.isoformat()

        retry_at = self.retry_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "events": events,
                "type": type_,
                "error": error,
                "attempts": attempts,
                "parked_at": parked_at,
                "retry_at": retry_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        events = d.pop("events")

        type_ = d.pop("type")

        error = d.pop("error")

        attempts = d.pop("attempts")

        parked_at = datetime.datetime.fromisoformat(d.pop("parked_at"))

        retry_at = datetime.datetime.fromisoformat(d.pop("retry_at"))

        parked_event = cls(
            conversation_id=conversation_id,
            seq=seq,
            events=events,
            type_=type_,
            error=error,
            attempts=attempts,
            parked_at=parked_at,
            retry_at=retry_at,
        )

        return parked_event
