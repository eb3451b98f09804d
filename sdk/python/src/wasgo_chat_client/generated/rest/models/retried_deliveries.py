from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="RetriedDeliveries")


@_attrs_define
class RetriedDeliveries:
    """How many are retried. If `has_more` is true, repeat the request.

    Attributes:
        retried (int):
        has_more (bool):
    """

    retried: int
    has_more: bool

    def to_dict(self) -> dict[str, Any]:
        retried = self.retried

        has_more = self.has_more

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "retried": retried,
                "has_more": has_more,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        retried = d.pop("retried")

        has_more = d.pop("has_more")

        retried_deliveries = cls(
            retried=retried,
            has_more=has_more,
        )

        return retried_deliveries
