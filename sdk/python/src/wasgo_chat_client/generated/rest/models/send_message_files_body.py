from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field
import json
from .. import types

from ..types import UNSET, Unset

from ..models.send_message_files_body_message_type import check_send_message_files_body_message_type
from ..models.send_message_files_body_message_type import SendMessageFilesBodyMessageType
from ..types import File, FileTypes
from ..types import UNSET, Unset
from io import BytesIO
from typing import cast
from uuid import UUID


T = TypeVar("T", bound="SendMessageFilesBody")


@_attrs_define
class SendMessageFilesBody:
    """
    Attributes:
        conversation (UUID):
        content (str | Unset):
        message_type (SendMessageFilesBodyMessageType | Unset):
        reply_to (UUID | Unset):
        mentions (str | Unset): A list of user ids, as JSON text.
        metadata (str | Unset): A JSON object, as text.
        client_id (str | Unset):
        attachment_ids (str | Unset): A list of ids of earlier uploads, as JSON text.
        files (list[File] | Unset):
    """

    conversation: UUID
    content: str | Unset = UNSET
    message_type: SendMessageFilesBodyMessageType | Unset = UNSET
    reply_to: UUID | Unset = UNSET
    mentions: str | Unset = UNSET
    metadata: str | Unset = UNSET
    client_id: str | Unset = UNSET
    attachment_ids: str | Unset = UNSET
    files: list[File] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        conversation = str(self.conversation)

        content = self.content

        message_type: str | Unset = UNSET
        if not isinstance(self.message_type, Unset):
            message_type = self.message_type

        reply_to: str | Unset = UNSET
        if not isinstance(self.reply_to, Unset):
            reply_to = str(self.reply_to)

        mentions = self.mentions

        metadata = self.metadata

        client_id = self.client_id

        attachment_ids = self.attachment_ids

        files: list[FileTypes] | Unset = UNSET
        if not isinstance(self.files, Unset):
            files = []
            for files_item_data in self.files:
                files_item = files_item_data.to_tuple()

                files.append(files_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
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
        if files is not UNSET:
            field_dict["files"] = files

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("conversation", (None, str(self.conversation), "text/plain")))

        if not isinstance(self.content, Unset):
            files.append(("content", (None, str(self.content).encode(), "text/plain")))

        if not isinstance(self.message_type, Unset):
            files.append(("message_type", (None, str(self.message_type).encode(), "text/plain")))

        if not isinstance(self.reply_to, Unset):
            files.append(("reply_to", (None, str(self.reply_to), "text/plain")))

        if not isinstance(self.mentions, Unset):
            files.append(("mentions", (None, str(self.mentions).encode(), "text/plain")))

        if not isinstance(self.metadata, Unset):
            files.append(("metadata", (None, str(self.metadata).encode(), "text/plain")))

        if not isinstance(self.client_id, Unset):
            files.append(("client_id", (None, str(self.client_id).encode(), "text/plain")))

        if not isinstance(self.attachment_ids, Unset):
            files.append(("attachment_ids", (None, str(self.attachment_ids).encode(), "text/plain")))

        if not isinstance(self.files, Unset):
            for files_item_element in self.files:
                files.append(("files", files_item_element.to_tuple()))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        conversation = UUID(d.pop("conversation"))

        content = d.pop("content", UNSET)

        _message_type = d.pop("message_type", UNSET)
        message_type: SendMessageFilesBodyMessageType | Unset
        if isinstance(_message_type, Unset):
            message_type = UNSET
        else:
            message_type = check_send_message_files_body_message_type(_message_type)

        _reply_to = d.pop("reply_to", UNSET)
        reply_to: UUID | Unset
        if isinstance(_reply_to, Unset):
            reply_to = UNSET
        else:
            reply_to = UUID(_reply_to)

        mentions = d.pop("mentions", UNSET)

        metadata = d.pop("metadata", UNSET)

        client_id = d.pop("client_id", UNSET)

        attachment_ids = d.pop("attachment_ids", UNSET)

        _files = d.pop("files", UNSET)
        files: list[File] | Unset = UNSET
        if _files is not UNSET:
            files = []
            for files_item_data in _files:
                files_item = File(payload=BytesIO(files_item_data))

                files.append(files_item)

        send_message_files_body = cls(
            conversation=conversation,
            content=content,
            message_type=message_type,
            reply_to=reply_to,
            mentions=mentions,
            metadata=metadata,
            client_id=client_id,
            attachment_ids=attachment_ids,
            files=files,
        )

        send_message_files_body.additional_properties = d
        return send_message_files_body

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
