from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.create_conversation_conversation_type import check_create_conversation_conversation_type
from ..models.create_conversation_conversation_type import CreateConversationConversationType
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.create_conversation_metadata import CreateConversationMetadata
    from ..models.participant_in import ParticipantIn
    from ..models.reference import Reference


T = TypeVar("T", bound="CreateConversation")


@_attrs_define
class CreateConversation:
    """A new conversation.

    Attributes:
        conversation_type (CreateConversationConversationType):
        title (str | Unset):  Default: ''.
        participant_ids (list[str] | None | Unset):
        participants (list[ParticipantIn] | None | Unset):
        reference (None | Reference | Unset):
        metadata (CreateConversationMetadata | Unset):
    """

    conversation_type: CreateConversationConversationType
    title: str | Unset = ""
    participant_ids: list[str] | None | Unset = UNSET
    participants: list[ParticipantIn] | None | Unset = UNSET
    reference: None | Reference | Unset = UNSET
    metadata: CreateConversationMetadata | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.create_conversation_metadata import CreateConversationMetadata  # noqa: PLC0415
        from ..models.participant_in import ParticipantIn  # noqa: PLC0415
        from ..models.reference import Reference  # noqa: PLC0415

        conversation_type: str = self.conversation_type

        title = self.title

        participant_ids: list[str] | None | Unset
        if isinstance(self.participant_ids, Unset):
            participant_ids = UNSET
        elif isinstance(self.participant_ids, list):
            participant_ids = self.participant_ids

        else:
            participant_ids = self.participant_ids

        participants: list[dict[str, Any]] | None | Unset
        if isinstance(self.participants, Unset):
            participants = UNSET
        elif isinstance(self.participants, list):
            participants = []
            for participants_type_0_item_data in self.participants:
                participants_type_0_item = participants_type_0_item_data.to_dict()
                participants.append(participants_type_0_item)

        else:
            participants = self.participants

        reference: dict[str, Any] | None | Unset
        if isinstance(self.reference, Unset):
            reference = UNSET
        elif isinstance(self.reference, Reference):
            reference = self.reference.to_dict()
        else:
            reference = self.reference

        metadata: dict[str, Any] | Unset = UNSET
        if not isinstance(self.metadata, Unset):
            metadata = self.metadata.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "conversation_type": conversation_type,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title
        if participant_ids is not UNSET:
            field_dict["participant_ids"] = participant_ids
        if participants is not UNSET:
            field_dict["participants"] = participants
        if reference is not UNSET:
            field_dict["reference"] = reference
        if metadata is not UNSET:
            field_dict["metadata"] = metadata

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.create_conversation_metadata import CreateConversationMetadata  # noqa: PLC0415
        from ..models.participant_in import ParticipantIn  # noqa: PLC0415
        from ..models.reference import Reference  # noqa: PLC0415

        d = dict(src_dict)
        conversation_type = check_create_conversation_conversation_type(d.pop("conversation_type"))

        title = d.pop("title", UNSET)

        def _parse_participant_ids(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                participant_ids_type_0 = cast(list[str], data)

                return participant_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        participant_ids = _parse_participant_ids(d.pop("participant_ids", UNSET))

        def _parse_participants(data: object) -> list[ParticipantIn] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                participants_type_0 = []
                _participants_type_0 = data
                for participants_type_0_item_data in _participants_type_0:
                    participants_type_0_item = ParticipantIn.from_dict(participants_type_0_item_data)

                    participants_type_0.append(participants_type_0_item)

                return participants_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ParticipantIn] | None | Unset, data)

        participants = _parse_participants(d.pop("participants", UNSET))

        def _parse_reference(data: object) -> None | Reference | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reference_type_0 = Reference.from_dict(data)

                return reference_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Reference | Unset, data)

        reference = _parse_reference(d.pop("reference", UNSET))

        _metadata = d.pop("metadata", UNSET)
        metadata: CreateConversationMetadata | Unset
        if isinstance(_metadata, Unset):
            metadata = UNSET
        else:
            metadata = CreateConversationMetadata.from_dict(_metadata)

        if d:
            raise ChatError("invalid", f"CreateConversation has no {', '.join(sorted(map(str, d)))}")

        create_conversation = cls(
            conversation_type=conversation_type,
            title=title,
            participant_ids=participant_ids,
            participants=participants,
            reference=reference,
            metadata=metadata,
        )

        return create_conversation
