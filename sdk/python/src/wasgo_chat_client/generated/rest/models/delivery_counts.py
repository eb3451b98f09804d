from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="DeliveryCounts")


@_attrs_define
class DeliveryCounts:
    """Deliveries by state.

    Attributes:
        pending (int):
        sending (int):
        retrying (int):
        dead (int):
    """

    pending: int
    sending: int
    retrying: int
    dead: int

    def to_dict(self) -> dict[str, Any]:
        pending = self.pending

        sending = self.sending

        retrying = self.retrying

        dead = self.dead

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pending": pending,
                "sending": sending,
                "retrying": retrying,
                "dead": dead,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pending = d.pop("pending")

        sending = d.pop("sending")

        retrying = d.pop("retrying")

        dead = d.pop("dead")

        delivery_counts = cls(
            pending=pending,
            sending=sending,
            retrying=retrying,
            dead=dead,
        )

        return delivery_counts
