from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.send_message_message_type import check_send_message_message_type
from ..models.send_message_message_type import SendMessageMessageType
from ..types import UNSET, Unset
from typing import cast
from uuid import UUID

if TYPE_CHECKING:
    from ..models.send_message_metadata import SendMessageMetadata


T = TypeVar("T", bound="SendMessage")


@_attrs_define
class SendMessage:
    """A message, and the conversation it is for.

    Attributes:
        conversation (UUID):
        content (str | Unset):  Default: ''.
        message_type (SendMessageMessageType | Unset):  Default: 'text'.
        reply_to (None | Unset | UUID):
        mentions (list[str] | Unset):
        metadata (SendMessageMetadata | Unset):
        client_id (None | str | Unset):
        attachment_ids (list[UUID] | Unset):
    """

    conversation: UUID
    content: str | Unset = ""
    message_type: SendMessageMessageType | Unset = "text"
    reply_to: None | Unset | UUID = UNSET
    mentions: list[str] | Unset = UNSET
    metadata: SendMessageMetadata | Unset = UNSET
    client_id: None | str | Unset = UNSET
    attachment_ids: list[UUID] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.send_message_metadata import SendMessageMetadata  # noqa: PLC0415

        conversation = str(self.conversation)

        content = self.content

        message_type: str | Unset = UNSET
        if not isinstance(self.message_type, Unset):
            message_type = self.message_type

        reply_to: None | str | Unset
        if isinstance(self.reply_to, Unset):
            reply_to = UNSET
        elif isinstance(self.reply_to, UUID):
            reply_to = str(self.reply_to)
        else:
            reply_to = self.reply_to

        mentions: list[str] | Unset = UNSET
        if not isinstance(self.mentions, Unset):
            mentions = self.mentions

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        client_id: None | str | Unset
        if isinstance(self.client_id, Unset):
            client_id = UNSET
        else:
            client_id = self.client_id

        attachment_ids: list[str] | Unset = UNSET
        if not isinstance(self.attachment_ids, Unset):
            attachment_ids = []
            for attachment_ids_item_data in self.attachment_ids:
                attachment_ids_item = str(attachment_ids_item_data)
                attachment_ids.append(attachment_ids_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation": conversation,
            }
        )
        if content is not UNSET:
            field_dict["content"] = content
        if message_type is not UNSET:
            field_dict["message_type"] = message_type
        if reply_to is not UNSET:
            field_dict["reply_to"] = reply_to
        if mentions is not UNSET:
            field_dict["mentions"] = mentions
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if client_id is not UNSET:
            field_dict["client_id"] = client_id
        if attachment_ids is not UNSET:
            field_dict["attachment_ids"] = attachment_ids

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.send_message_metadata import SendMessageMetadata  # noqa: PLC0415

        d = dict(src_dict)
        conversation = UUID(d.pop("conversation"))

        content = d.pop("content", UNSET)

        _message_type = d.pop("message_type", UNSET)
        message_type: SendMessageMessageType | Unset
        if isinstance(_message_type, Unset):
            message_type = UNSET
        else:
            message_type = check_send_message_message_type(_message_type)

        def _parse_reply_to(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                reply_to_type_0 = UUID(data)

                return reply_to_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        reply_to = _parse_reply_to(d.pop("reply_to", UNSET))

        mentions = cast(list[str], d.pop("mentions", UNSET))

        _metadata = d.pop("metadata", UNSET)
        metadata: SendMessageMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = SendMessageMetadata.from_dict(_metadata)

        def _parse_client_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        client_id = _parse_client_id(d.pop("client_id", UNSET))

        _attachment_ids = d.pop("attachment_ids", UNSET)
        attachment_ids: list[UUID] | Unset = UNSET
        if _attachment_ids is not UNSET:
            attachment_ids = []
            for attachment_ids_item_data in _attachment_ids:
                attachment_ids_item = UUID(attachment_ids_item_data)

                attachment_ids.append(attachment_ids_item)

        if d:
            raise ChatError("invalid", f"SendMessage has no {', '.join(sorted(map(str, d)))}")

        send_message = cls(
            conversation=conversation,
            content=content,
            message_type=message_type,
            reply_to=reply_to,
            mentions=mentions,
            metadata=metadata,
            client_id=client_id,
            attachment_ids=attachment_ids,
        )

        return send_message
