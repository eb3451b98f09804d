from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast


T = TypeVar("T", bound="Histogram")


@_attrs_define
class Histogram:
    """`counts[n]` values were at most `bounds[n]` and above the bound before. The last count is above all bounds.

    Attributes:
        bounds (list[float]):
        counts (list[int]):
        sum_ (float):
        count (int):
    """

    bounds: list[float]
    counts: list[int]
    sum_: float
    count: int

    def to_dict(self) -> dict[str, Any]:
        bounds = self.bounds

        counts = self.counts

        sum_ = self.sum_

        count = self.count

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "bounds": bounds,
                "counts": counts,
                "sum": sum_,
                "count": count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        bounds = cast(list[float], d.pop("bounds"))

        counts = cast(list[int], d.pop("counts"))

        sum_ = d.pop("sum")

        count = d.pop("count")

        histogram = cls(
            bounds=bounds,
            counts=counts,
            sum_=sum_,
            count=count,
        )

        return histogram
