from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field
import json
from .. import types

from ..types import UNSET, Unset

from ..models.upload_attachment_body_message_type import check_upload_attachment_body_message_type
from ..models.upload_attachment_body_message_type import UploadAttachmentBodyMessageType
from ..types import File, FileTypes
from ..types import UNSET, Unset
from io import BytesIO
from typing import cast
from uuid import UUID


T = TypeVar("T", bound="UploadAttachmentBody")


@_attrs_define
class UploadAttachmentBody:
    """
    Attributes:
        file (File):
        conversation (UUID): The conversation in which it will be sent.
        message_type (UploadAttachmentBodyMessageType | Unset): Reject content that a message of this type cannot have.
    """

    file: File
    conversation: UUID
    message_type: UploadAttachmentBodyMessageType | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        file = self.file.to_tuple()

        conversation = str(self.conversation)

        message_type: str | Unset = UNSET
        if not isinstance(self.message_type, Unset):
            message_type = self.message_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "file": file,
                "conversation": conversation,
            }
        )
        if message_type is not UNSET:
            field_dict["message_type"] = message_type

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("file", self.file.to_tuple()))

        files.append(("conversation", (None, str(self.conversation), "text/plain")))

        if not isinstance(self.message_type, Unset):
            files.append(("message_type", (None, str(self.message_type).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        file = File(payload=BytesIO(d.pop("file")))

        conversation = UUID(d.pop("conversation"))

        _message_type = d.pop("message_type", UNSET)
        message_type: UploadAttachmentBodyMessageType | Unset
        if isinstance(_message_type, Unset):
            message_type = UNSET
        else:
            message_type = check_upload_attachment_body_message_type(_message_type)

        upload_attachment_body = cls(
            file=file,
            conversation=conversation,
            message_type=message_type,
        )

        upload_attachment_body.additional_properties = d
        return upload_attachment_body

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
