from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.send_system_message_metadata import SendSystemMessageMetadata


T = TypeVar("T", bound="SendSystemMessage")


@_attrs_define
class SendSystemMessage:
    """A message of a service, without a sender.

    Attributes:
        content (str):
        metadata (SendSystemMessageMetadata | Unset):
    """

    content: str
    metadata: SendSystemMessageMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.send_system_message_metadata import SendSystemMessageMetadata  # noqa: PLC0415

        content = self.content

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "content": content,
            }
        )
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.send_system_message_metadata import SendSystemMessageMetadata  # noqa: PLC0415

        d = dict(src_dict)
        content = d.pop("content")

        _metadata = d.pop("metadata", UNSET)
        metadata: SendSystemMessageMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = SendSystemMessageMetadata.from_dict(_metadata)

        if d:
            raise ChatError("invalid", f"SendSystemMessage has no {', '.join(sorted(map(str, d)))}")

        send_system_message = cls(
            content=content,
            metadata=metadata,
        )

        return send_system_message
