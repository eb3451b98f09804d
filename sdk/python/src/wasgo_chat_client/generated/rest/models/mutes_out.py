from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.mutes_out_conversations import MutesOutConversations


T = TypeVar("T", bound="MutesOut")


@_attrs_define
class MutesOut:
    """The conversations that the caller has muted, and when each mute ends.

    Attributes:
        conversations (MutesOutConversations):
    """

    conversations: MutesOutConversations

    def to_dict(self) -> dict[str, Any]:
        from ..models.mutes_out_conversations import MutesOutConversations  # noqa: PLC0415

        conversations = self.conversations.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversations": conversations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.mutes_out_conversations import MutesOutConversations  # noqa: PLC0415

        d = dict(src_dict)
        conversations = MutesOutConversations.from_dict(d.pop("conversations"))

        mutes_out = cls(
            conversations=conversations,
        )

        return mutes_out
