from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset


T = TypeVar("T", bound="Channels")


@_attrs_define
class Channels:
    """Which channels may be used.

    Attributes:
        email (bool | Unset):  Default: True.
        push (bool | Unset):  Default: True.
        webhook (bool | Unset):  Default: True.
    """

    email: bool | Unset = True
    push: bool | Unset = True
    webhook: bool | Unset = True

    def to_dict(self) -> dict[str, Any]:
        email = self.email

        push = self.push

        webhook = self.webhook

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if email is not UNSET:
            field_dict["email"] = email
        if push is not UNSET:
            field_dict["push"] = push
        if webhook is not UNSET:
            field_dict["webhook"] = webhook

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        email = d.pop("email", UNSET)

        push = d.pop("push", UNSET)

        webhook = d.pop("webhook", UNSET)

        if d:
            raise ChatError("invalid", f"Channels has no {', '.join(sorted(map(str, d)))}")

        channels = cls(
            email=email,
            push=push,
            webhook=webhook,
        )

        return channels
