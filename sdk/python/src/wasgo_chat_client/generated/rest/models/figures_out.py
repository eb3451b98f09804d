from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.delivery_counts import DeliveryCounts
    from ..models.histogram import Histogram
    from ..models.reader_lag import ReaderLag


T = TypeVar("T", bound="FiguresOut")


@_attrs_define
class FiguresOut:
    """Current metrics. Subtract two responses to get what happened in between.

    Attributes:
        at (datetime.datetime):
        workers (int): Workers on this machine. `sockets`, `messages` and `delivery` are their totals.
        sockets (int):
        messages (int): Messages stored since the service started.
        delivery (Histogram): `counts[n]` values were at most `bounds[n]` and above the bound before. The last count is
            above all bounds.
        readers (list[ReaderLag]):
        deliveries (DeliveryCounts): Deliveries by state.
    """

    at: datetime.datetime
    workers: int
    sockets: int
    messages: int
    delivery: Histogram
    readers: list[ReaderLag]
    deliveries: DeliveryCounts

    def to_dict(self) -> dict[str, Any]:
        from ..models.delivery_counts import DeliveryCounts  # noqa: PLC0415
        from ..models.histogram import Histogram  # noqa: PLC0415
        from ..models.reader_lag import ReaderLag  # noqa: PLC0415

        at = self.at.isoformat()

        workers = self.workers

        sockets = self.sockets

        messages = self.messages

        delivery = self.delivery.to_dict()

        readers = []
        for readers_item_data in self.readers:
            readers_item = readers_item_data.to_dict()
            readers.append(readers_item)

        deliveries = self.deliveries.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "at": at,
                "workers": workers,
                "sockets": sockets,
                "messages": messages,
                "delivery": delivery,
                "readers": readers,
                "deliveries": deliveries,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.delivery_counts import DeliveryCounts  # noqa: PLC0415
        from ..models.histogram import Histogram  # noqa: PLC0415
        from ..models.reader_lag import ReaderLag  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        workers = d.pop("workers")

        sockets = d.pop("sockets")

        messages = d.pop("messages")

        delivery = Histogram.from_dict(d.pop("delivery"))

        readers = []
        _readers = d.pop("readers")
        for readers_item_data in _readers:
            readers_item = ReaderLag.from_dict(readers_item_data)

            readers.append(readers_item)

        deliveries = DeliveryCounts.from_dict(d.pop("deliveries"))

        figures_out = cls(
            at=at,
            workers=workers,
            sockets=sockets,
            messages=messages,
            delivery=delivery,
            readers=readers,
            deliveries=deliveries,
        )

        return figures_out
