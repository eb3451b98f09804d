from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.unread_counts_conversations import UnreadCountsConversations


T = TypeVar("T", bound="UnreadCounts")


@_attrs_define
class UnreadCounts:
    """Unread messages in total and by conversation, without conversations that have none.

    Attributes:
        total (int):
        conversations (UnreadCountsConversations):
    """

    total: int
    conversations: UnreadCountsConversations

    def to_dict(self) -> dict[str, Any]:
        from ..models.unread_counts_conversations import UnreadCountsConversations  # noqa: PLC0415

        total = self.total

        conversations = self.conversations.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "total": total,
                "conversations": conversations,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.unread_counts_conversations import UnreadCountsConversations  # noqa: PLC0415

        d = dict(src_dict)
        total = d.pop("total")

        conversations = UnreadCountsConversations.from_dict(d.pop("conversations"))

        unread_counts = cls(
            total=total,
            conversations=conversations,
        )

        return unread_counts
