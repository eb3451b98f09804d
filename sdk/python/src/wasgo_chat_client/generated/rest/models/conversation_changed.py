from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from typing import Literal, cast
from uuid import UUID

if TYPE_CHECKING:
    from ..models.conversation_core import ConversationCore


T = TypeVar("T", bound="ConversationChanged")


@_attrs_define
class ConversationChanged:
    """Title, metadata, settings or status changed; the frame has the current values.

    Attributes:
        conversation_id (UUID):
        seq (int):
        type_ (Literal['conversation_updated']):
        conversation (ConversationCore): The part of a conversation that is the same for every member; event frames
            carry it.
    """

    conversation_id: UUID
    seq: int
    type_: Literal["conversation_updated"]
    conversation: ConversationCore

    def to_dict(self) -> dict[str, Any]:
        from ..models.conversation_core import ConversationCore  # noqa: PLC0415

        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        conversation = self.conversation.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "type": type_,
                "conversation": conversation,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conversation_core import ConversationCore  # noqa: PLC0415

        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        type_ = cast(Literal["conversation_updated"], d.pop("type"))
        if type_ != "conversation_updated":
            raise ValueError(f"type must match const 'conversation_updated', got '{type_}'")

        conversation = ConversationCore.from_dict(d.pop("conversation"))

        conversation_changed = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            conversation=conversation,
        )

        return conversation_changed
