from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.dead_kind import DeadKind


T = TypeVar("T", bound="DeadKinds")


@_attrs_define
class DeadKinds:
    """Dead deliveries by channel and reason, most frequent first.

    Attributes:
        results (list[DeadKind]):
        is_complete (bool): False if there are too many to count: then only the newest were counted.
    """

    results: list[DeadKind]
    is_complete: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.dead_kind import DeadKind  # noqa: PLC0415

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        is_complete = self.is_complete

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "results": results,
                "is_complete": is_complete,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dead_kind import DeadKind  # noqa: PLC0415

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = DeadKind.from_dict(results_item_data)

            results.append(results_item)

        is_complete = d.pop("is_complete")

        dead_kinds = cls(
            results=results,
            is_complete=is_complete,
        )

        return dead_kinds
