from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.notification_out_kind import check_notification_out_kind
from ..models.notification_out_kind import NotificationOutKind
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.user_out import UserOut


T = TypeVar("T", bound="NotificationOut")


@_attrs_define
class NotificationOut:
    """A notification of a message. `is_read` is true once the notification was marked as read or its message was read.

    `read_at` is when the notification was marked as read.

        Attributes:
            id (UUID):
            kind (NotificationOutKind):
            conversation (UUID):
            message_id (UUID):
            seq (int):
            title (str):
            sender (UserOut): The public profile of a user.
            preview (None | str):
            created_at (datetime.datetime):
            is_read (bool):
            read_at (datetime.datetime | None):
    """

    id: UUID
    kind: NotificationOutKind
    conversation: UUID
    message_id: UUID
    seq: int
    title: str
    sender: UserOut
    preview: None | str
    created_at: datetime.datetime
    is_read: bool
    read_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.user_out import UserOut  # noqa: PLC0415

        id = str(self.id)

        kind: str = self.kind

        conversation = str(self.conversation)

        message_id = str(self.message_id)

        seq = self.seq

        title = self.title

        sender = self.sender.to_dict()

        preview: None | str
        preview = self.preview

        created_at = self.created_at.isoformat()

        is_read = self.is_read

        read_at: None | str
        if isinstance(self.read_at, datetime.datetime):
            read_at = self.read_at.isoformat()
        else:
            read_at = self.read_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "kind": kind,
                "conversation": conversation,
                "message_id": message_id,
                "seq": seq,
                "title": title,
                "sender": sender,
                "preview": preview,
                "created_at": created_at,
                "is_read": is_read,
                "read_at": read_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        kind = check_notification_out_kind(d.pop("kind"))

        conversation = UUID(d.pop("conversation"))

        message_id = UUID(d.pop("message_id"))

        seq = d.pop("seq")

        title = d.pop("title")

        sender = UserOut.from_dict(d.pop("sender"))

        def _parse_preview(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        preview = _parse_preview(d.pop("preview"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        is_read = d.pop("is_read")

        def _parse_read_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                read_at_type_0 = datetime.datetime.fromisoformat(data)

                return read_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        read_at = _parse_read_at(d.pop("read_at"))

        notification_out = cls(
            id=id,
            kind=kind,
            conversation=conversation,
            message_id=message_id,
            seq=seq,
            title=title,
            sender=sender,
            preview=preview,
            created_at=created_at,
            is_read=is_read,
            read_at=read_at,
        )

        return notification_out
