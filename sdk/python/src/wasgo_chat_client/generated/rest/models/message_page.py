from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.message_out import MessageOut


T = TypeVar("T", bound="MessagePage")


@_attrs_define
class MessagePage:
    """Messages, newest first; with `after_seq` oldest first.

    Attributes:
        next_ (None | str): Cursor of the next page; null on the last page.
        previous (None | str): Cursor of the previous page; null on the first page.
        results (list[MessageOut]):
        epoch (str): The epoch of the log. Send it back with `after_seq`; a `seq` of another epoch means nothing.
        last_seq (int | None | Unset):
    """

    next_: None | str
    previous: None | str
    results: list[MessageOut]
    epoch: str
    last_seq: int | None | Unset = UNSET

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

        epoch = self.epoch

        last_seq: int | None | Unset
        if isinstance(self.last_seq, Unset):
            last_seq = UNSET
        else:
            last_seq = self.last_seq

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "next": next_,
                "previous": previous,
                "results": results,
                "epoch": epoch,
            }
        )
        if last_seq is not UNSET:
            field_dict["last_seq"] = last_seq

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

        epoch = d.pop("epoch")

        def _parse_last_seq(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        last_seq = _parse_last_seq(d.pop("last_seq", UNSET))

        message_page = cls(
            next_=next_,
            previous=previous,
            results=results,
            epoch=epoch,
            last_seq=last_seq,
        )

        return message_page
