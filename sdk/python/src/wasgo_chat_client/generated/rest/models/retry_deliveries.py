from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.retry_deliveries_channel_type_0 import check_retry_deliveries_channel_type_0
from ..models.retry_deliveries_channel_type_0 import RetryDeliveriesChannelType0
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="RetryDeliveries")


@_attrs_define
class RetryDeliveries:
    """Filters of the dead deliveries to retry. Fields that are left out match everything.

    Attributes:
        channel (None | RetryDeliveriesChannelType0 | Unset):
        error (None | str | Unset):
    """

    channel: None | RetryDeliveriesChannelType0 | Unset = UNSET
    error: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        channel: None | str | Unset
        if isinstance(self.channel, Unset):
            channel = UNSET
        elif isinstance(self.channel, str):
            channel = self.channel
        else:
            channel = self.channel

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if channel is not UNSET:
            field_dict["channel"] = channel
        if error is not UNSET:
            field_dict["error"] = error

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_channel(data: object) -> None | RetryDeliveriesChannelType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                channel_type_0 = check_retry_deliveries_channel_type_0(data)

                return channel_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | RetryDeliveriesChannelType0 | Unset, data)

        channel = _parse_channel(d.pop("channel", UNSET))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        if d:
            raise ChatError("invalid", f"RetryDeliveries has no {', '.join(sorted(map(str, d)))}")

        retry_deliveries = cls(
            channel=channel,
            error=error,
        )

        return retry_deliveries
