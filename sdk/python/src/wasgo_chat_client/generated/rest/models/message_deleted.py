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
    from ..models.message_out import MessageOut


T = TypeVar("T", bound="MessageDeleted")


@_attrs_define
class MessageDeleted:
    """A message was deleted and is a tombstone now.

    Attributes:
        conversation_id (UUID):
        seq (int):
        type_ (Literal['message_deleted']):
        message_id (UUID):
        message (MessageOut): A message. A deleted one is a tombstone: no content, attachments, reactions, mentions or
            metadata.
    """

    conversation_id: UUID
    seq: int
    type_: Literal["message_deleted"]
    message_id: UUID
    message: MessageOut

    def to_dict(self) -> dict[str, Any]:
        from ..models.message_out import MessageOut  # noqa: PLC0415

        conversation_id = str(self.conversation_id)

        seq = self.seq

        type_ = self.type_

        message_id = str(self.message_id)

        message = self.message.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_id": conversation_id,
                "seq": seq,
                "type": type_,
                "message_id": message_id,
                "message": message,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.message_out import MessageOut  # noqa: PLC0415

        d = dict(src_dict)
        conversation_id = UUID(d.pop("conversation_id"))

        seq = d.pop("seq")

        type_ = cast(Literal["message_deleted"], d.pop("type"))
        if type_ != "message_deleted":
            raise ValueError(f"type must match const 'message_deleted', got '{type_}'")

        message_id = UUID(d.pop("message_id"))

        message = MessageOut.from_dict(d.pop("message"))

        message_deleted = cls(
            conversation_id=conversation_id,
            seq=seq,
            type_=type_,
            message_id=message_id,
            message=message,
        )

        return message_deleted
