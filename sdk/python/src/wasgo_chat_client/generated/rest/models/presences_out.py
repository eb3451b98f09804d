from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.presence_out import PresenceOut


T = TypeVar("T", bound="PresencesOut")


@_attrs_define
class PresencesOut:
    """The presence of the requested users, in their order.

    Attributes:
        results (list[PresenceOut]):
    """

    results: list[PresenceOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.presence_out import PresenceOut  # noqa: PLC0415

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
        from ..models.presence_out import PresenceOut  # noqa: PLC0415

        d = dict(src_dict)
        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = PresenceOut.from_dict(results_item_data)

            results.append(results_item)

        presences_out = cls(
            results=results,
        )

        return presences_out
