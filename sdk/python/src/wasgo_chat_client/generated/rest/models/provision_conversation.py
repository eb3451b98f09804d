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
    from ..models.provision_conversation_metadata_type_0 import ProvisionConversationMetadataType0
    from ..models.provisioned_participant import ProvisionedParticipant


T = TypeVar("T", bound="ProvisionConversation")


@_attrs_define
class ProvisionConversation:
    """Get or create the conversation about an object of the platform.

    Attributes:
        title (None | str | Unset):
        participants (list[ProvisionedParticipant] | Unset):
        metadata (None | ProvisionConversationMetadataType0 | Unset):
    """

    title: None | str | Unset = UNSET
    participants: list[ProvisionedParticipant] | Unset = UNSET
    metadata: None | ProvisionConversationMetadataType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.provision_conversation_metadata_type_0 import ProvisionConversationMetadataType0  # noqa: PLC0415
        from ..models.provisioned_participant import ProvisionedParticipant  # noqa: PLC0415

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        participants: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.participants, Unset):
            participants = []
            for participants_item_data in self.participants:
                participants_item = participants_item_data.to_dict()
                participants.append(participants_item)

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, ProvisionConversationMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if title is not UNSET:
            field_dict["title"] = title
        if participants is not UNSET:
            field_dict["participants"] = participants
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.provision_conversation_metadata_type_0 import ProvisionConversationMetadataType0  # noqa: PLC0415
        from ..models.provisioned_participant import ProvisionedParticipant  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        _participants = d.pop("participants", UNSET)
        participants: list[ProvisionedParticipant] | Unset = UNSET
        if _participants is not UNSET:
            participants = []
            for participants_item_data in _participants:
                participants_item = ProvisionedParticipant.from_dict(participants_item_data)

                participants.append(participants_item)

        def _parse_metadata(data: object) -> None | ProvisionConversationMetadataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = ProvisionConversationMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ProvisionConversationMetadataType0 | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        if d:
            raise ChatError("invalid", f"ProvisionConversation has no {', '.join(sorted(map(str, d)))}")

        provision_conversation = cls(
            title=title,
            participants=participants,
            metadata=metadata,
        )

        return provision_conversation
