from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.message_out import MessageOut


T = TypeVar("T", bound="InspectedMessagePage")


@_attrs_define
class InspectedMessagePage:
    """A page of messages of a conversation, newest first.

    Attributes:
        next_ (None | str): Cursor of the next page; null on the last page.
        previous (None | str): Cursor of the previous page; null on the first page.
        results (list[MessageOut]):
    """

    next_: None | str
    previous: None | str
    results: list[MessageOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.message_out import MessageOut  # noqa: PLC0415

        next_: None | str
        next_ = self.next_

        previous: None | str
        previous = self.previous

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "next": next_,
                "previous": previous,
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_out import MessageOut  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_next_(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        next_ = _parse_next_(d.pop("next"))

        def _parse_previous(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        previous = _parse_previous(d.pop("previous"))

        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = MessageOut.from_dict(results_item_data)

            results.append(results_item)

        inspected_message_page = cls(
            next_=next_,
            previous=previous,
            results=results,
        )

        return inspected_message_page
