from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.receipt_out import ReceiptOut


T = TypeVar("T", bound="ReceiptsOut")


@_attrs_define
class ReceiptsOut:
    """The users who marked a message as read, earliest first.

    Attributes:
        results (list[ReceiptOut]):
    """

    results: list[ReceiptOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.receipt_out import ReceiptOut  # noqa: PLC0415

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.receipt_out import ReceiptOut  # noqa: PLC0415

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = ReceiptOut.from_dict(results_item_data)

            results.append(results_item)

        receipts_out = cls(
            results=results,
        )

        return receipts_out
