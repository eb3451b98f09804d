from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.reply_preview_message_type import check_reply_preview_message_type
from ..models.reply_preview_message_type import ReplyPreviewMessageType
from typing import cast
from uuid import UUID

if TYPE_CHECKING:
    from ..models.user_out import UserOut


T = TypeVar("T", bound="ReplyPreview")


@_attrs_define
class ReplyPreview:
    """The current version of the message that was replied to; `content` is cut after 140 characters.

    Attributes:
        id (UUID):
        seq (int):
        sender (None | UserOut):
        message_type (ReplyPreviewMessageType):
        content (None | str):
        is_deleted (bool):
    """

    id: UUID
    seq: int
    sender: None | UserOut
    message_type: ReplyPreviewMessageType
    content: None | str
    is_deleted: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_out import UserOut  # noqa: PLC0415

        id = str(self.id)

        seq = self.seq

        sender: dict[str, Any] | None
        if isinstance(self.sender, UserOut):
            sender = self.sender.to_dict()
        else:
            sender = self.sender

        message_type: str = self.message_type

        content: None | str
        content = self.content

        is_deleted = self.is_deleted

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "seq": seq,
                "sender": sender,
                "message_type": message_type,
                "content": content,
                "is_deleted": is_deleted,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        seq = d.pop("seq")

        def _parse_sender(data: object) -> None | UserOut:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                sender_type_0 = UserOut.from_dict(data)

                return sender_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UserOut, data)

        sender = _parse_sender(d.pop("sender"))

        message_type = check_reply_preview_message_type(d.pop("message_type"))

        def _parse_content(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        content = _parse_content(d.pop("content"))

        is_deleted = d.pop("is_deleted")

        reply_preview = cls(
            id=id,
            seq=seq,
            sender=sender,
            message_type=message_type,
            content=content,
            is_deleted=is_deleted,
        )

        return reply_preview
