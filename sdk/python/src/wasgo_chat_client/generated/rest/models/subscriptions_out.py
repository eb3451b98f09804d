from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.subscription_out import SubscriptionOut


T = TypeVar("T", bound="SubscriptionsOut")


@_attrs_define
class SubscriptionsOut:
    """The caller's push subscriptions, and the key that browsers subscribe with (null if push is not enabled).

    Attributes:
        public_key (None | str):
        results (list[SubscriptionOut]):
    """

    public_key: None | str
    results: list[SubscriptionOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.subscription_out import SubscriptionOut  # noqa: PLC0415

        public_key: None | str
        public_key = self.public_key

        results = []
        for results_item_data in self.results:
            results_item = results_item_data.to_dict()
            results.append(results_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "public_key": public_key,
                "results": results,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.subscription_out import SubscriptionOut  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_public_key(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        public_key = _parse_public_key(d.pop("public_key"))

        results = []
        _results = d.pop("results")
        for results_item_data in _results:
            results_item = SubscriptionOut.from_dict(results_item_data)

            results.append(results_item)

        subscriptions_out = cls(
            public_key=public_key,
            results=results,
        )

        return subscriptions_out
