from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.message_out_message_type import check_message_out_message_type
from ..models.message_out_message_type import MessageOutMessageType
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.attachment_out import AttachmentOut
    from ..models.message_out_metadata import MessageOutMetadata
    from ..models.reaction_out import ReactionOut
    from ..models.reply_preview import ReplyPreview
    from ..models.user_out import UserOut


T = TypeVar("T", bound="MessageOut")


@_attrs_define
class MessageOut:
    """A message. A deleted one is a tombstone: no content, attachments, reactions, mentions or metadata.

    Attributes:
        id (UUID):
        conversation (UUID):
        seq (int):
        sender (None | UserOut):
        message_type (MessageOutMessageType):
        content (None | str):
        reply_to (None | UUID):
        reply_preview (None | ReplyPreview):
        attachments (list[AttachmentOut]):
        reactions (list[ReactionOut]):
        mentions (list[str]):
        metadata (MessageOutMetadata):
        client_id (None | str):
        revision (int):
        is_edited (bool):
        edited_at (datetime.datetime | None):
        is_deleted (bool):
        deleted_at (datetime.datetime | None):
        created_at (datetime.datetime):
    """

    id: UUID
    conversation: UUID
    seq: int
    sender: None | UserOut
    message_type: MessageOutMessageType
    content: None | str
    reply_to: None | UUID
    reply_preview: None | ReplyPreview
    attachments: list[AttachmentOut]
    reactions: list[ReactionOut]
    mentions: list[str]
    metadata: MessageOutMetadata
    client_id: None | str
    revision: int
    is_edited: bool
    edited_at: datetime.datetime | None
    is_deleted: bool
    deleted_at: datetime.datetime | None
    created_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        from ..models.attachment_out import AttachmentOut  # noqa: PLC0415
        from ..models.message_out_metadata import MessageOutMetadata  # noqa: PLC0415
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415
        from ..models.reply_preview import ReplyPreview  # noqa: PLC0415
        from ..models.user_out import UserOut  # noqa: PLC0415

        id = str(self.id)

        conversation = str(self.conversation)

        seq = self.seq

        sender: dict[str, Any] | None
        if isinstance(self.sender, UserOut):
            sender = self.sender.to_dict()
        else:
            sender = self.sender

        message_type: str = self.message_type

        content: None | str
        content = self.content

        reply_to: None | str
        if isinstance(self.reply_to, UUID):
            reply_to = str(self.reply_to)
        else:
            reply_to = self.reply_to

        reply_preview: dict[str, Any] | None
        if isinstance(self.reply_preview, ReplyPreview):
            reply_preview = self.reply_preview.to_dict()
        else:
            reply_preview = self.reply_preview

        attachments = []
        for attachments_item_data in self.attachments:
            attachments_item = attachments_item_data.to_dict()
            attachments.append(attachments_item)

        reactions = []
        for reactions_item_data in self.reactions:
            reactions_item = reactions_item_data.to_dict()
            reactions.append(reactions_item)

        mentions = self.mentions

        metadata = self.metadata.to_dict()

        client_id: None | str
        client_id = self.client_id

        revision = self.revision

        is_edited = self.is_edited

        edited_at: None | str
        if isinstance(self.edited_at, datetime.datetime):
            edited_at = self.edited_at.isoformat()
        else:
            edited_at = self.edited_at

        is_deleted = self.is_deleted

        deleted_at: None | str
        if isinstance(self.deleted_at, datetime.datetime):
            deleted_at = self.deleted_at.isoformat()
        else:
            deleted_at = self.deleted_at

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "conversation": conversation,
                "seq": seq,
                "sender": sender,
                "message_type": message_type,
                "content": content,
                "reply_to": reply_to,
                "reply_preview": reply_preview,
                "attachments": attachments,
                "reactions": reactions,
                "mentions": mentions,
                "metadata": metadata,
                "client_id": client_id,
                "revision": revision,
                "is_edited": is_edited,
                "edited_at": edited_at,
                "is_deleted": is_deleted,
                "deleted_at": deleted_at,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.attachment_out import AttachmentOut  # noqa: PLC0415
        from ..models.message_out_metadata import MessageOutMetadata  # noqa: PLC0415
        from ..models.reaction_out import ReactionOut  # noqa: PLC0415
        from ..models.reply_preview import ReplyPreview  # noqa: PLC0415
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        conversation = UUID(d.pop("conversation"))

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

        message_type = check_message_out_message_type(d.pop("message_type"))

        def _parse_content(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        content = _parse_content(d.pop("content"))

        def _parse_reply_to(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reply_to_type_0 = UUID(data)

                return reply_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        reply_to = _parse_reply_to(d.pop("reply_to"))

        def _parse_reply_preview(data: object) -> None | ReplyPreview:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reply_preview_type_0 = ReplyPreview.from_dict(data)

                return reply_preview_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReplyPreview, data)

        reply_preview = _parse_reply_preview(d.pop("reply_preview"))

        attachments = []
        _attachments = d.pop("attachments")
        for attachments_item_data in _attachments:
            attachments_item = AttachmentOut.from_dict(attachments_item_data)

            attachments.append(attachments_item)

        reactions = []
        _reactions = d.pop("reactions")
        for reactions_item_data in _reactions:
            reactions_item = ReactionOut.from_dict(reactions_item_data)

            reactions.append(reactions_item)

        mentions = cast(list[str], d.pop("mentions"))

        metadata = MessageOutMetadata.from_dict(d.pop("metadata"))

        def _parse_client_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        client_id = _parse_client_id(d.pop("client_id"))

        revision = d.pop("revision")

        is_edited = d.pop("is_edited")

        def _parse_edited_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                edited_at_type_0 = datetime.datetime.fromisoformat(data)

                return edited_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        edited_at = _parse_edited_at(d.pop("edited_at"))

        is_deleted = d.pop("is_deleted")

        def _parse_deleted_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                deleted_at_type_0 = datetime.datetime.fromisoformat(data)

                return deleted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        deleted_at = _parse_deleted_at(d.pop("deleted_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        message_out = cls(
            id=id,
            conversation=conversation,
            seq=seq,
            sender=sender,
            message_type=message_type,
            content=content,
            reply_to=reply_to,
            reply_preview=reply_preview,
            attachments=attachments,
            reactions=reactions,
            mentions=mentions,
            metadata=metadata,
            client_id=client_id,
            revision=revision,
            is_edited=is_edited,
            edited_at=edited_at,
            is_deleted=is_deleted,
            deleted_at=deleted_at,
            created_at=created_at,
        )

        return message_out
