from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.conversation_out_conversation_type import check_conversation_out_conversation_type
from ..models.conversation_out_conversation_type import ConversationOutConversationType
from ..models.conversation_out_status import check_conversation_out_status
from ..models.conversation_out_status import ConversationOutStatus
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.conversation_out_metadata import ConversationOutMetadata
    from ..models.conversation_out_settings import ConversationOutSettings
    from ..models.message_out import MessageOut
    from ..models.participant_out import ParticipantOut
    from ..models.reference_out import ReferenceOut


T = TypeVar("T", bound="ConversationOut")


@_attrs_define
class ConversationOut:
    """A conversation as one member sees it: `unread_count` and `is_archived` are specific to the member.

    Attributes:
        id (UUID):
        conversation_type (ConversationOutConversationType):
        title (str):
        reference (None | ReferenceOut):
        status (ConversationOutStatus):
        metadata (ConversationOutMetadata):
        settings (ConversationOutSettings):
        created_at (datetime.datetime):
        updated_at (datetime.datetime):
        participants (list[ParticipantOut]): All participants; in lists and in frames, the member and at most 19 others.
        participant_count (int):
        last_message (MessageOut | None):
        last_seq (int):
        unread_count (int):
        is_archived (bool):
    """

    id: UUID
    conversation_type: ConversationOutConversationType
    title: str
    reference: None | ReferenceOut
    status: ConversationOutStatus
    metadata: ConversationOutMetadata
    settings: ConversationOutSettings
    created_at: datetime.datetime
    updated_at: datetime.datetime
    participants: list[ParticipantOut]
    participant_count: int
    last_message: MessageOut | None
    last_seq: int
    unread_count: int
    is_archived: bool

    def to_dict(self) -> dict[str, Any]:
        from ..models.conversation_out_metadata import ConversationOutMetadata  # noqa: PLC0415
        from ..models.conversation_out_settings import ConversationOutSettings  # noqa: PLC0415
        from ..models.message_out import MessageOut  # noqa: PLC0415
        from ..models.participant_out import ParticipantOut  # noqa: PLC0415
        from ..models.reference_out import ReferenceOut  # noqa: PLC0415

        id = str(self.id)

        conversation_type: str = self.conversation_type

        title = self.title

        reference: dict[str, Any] | None
        if isinstance(self.reference, ReferenceOut):
            reference = self.reference.to_dict()
        else:
            reference = self.reference

        status: str = self.status

        metadata = self.metadata.to_dict()

        settings = self.settings.to_dict()

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        participants = []
        for participants_item_data in self.participants:
            participants_item = participants_item_data.to_dict()
            participants.append(participants_item)

        participant_count = self.participant_count

        last_message: dict[str, Any] | None
        if isinstance(self.last_message, MessageOut):
            last_message = self.last_message.to_dict()
        else:
            last_message = self.last_message

        last_seq = self.last_seq

        unread_count = self.unread_count

        is_archived = self.is_archived

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "conversation_type": conversation_type,
                "title": title,
                "reference": reference,
                "status": status,
                "metadata": metadata,
                "settings": settings,
                "created_at": created_at,
                "updated_at": updated_at,
                "participants": participants,
                "participant_count": participant_count,
                "last_message": last_message,
                "last_seq": last_seq,
                "unread_count": unread_count,
                "is_archived": is_archived,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conversation_out_metadata import ConversationOutMetadata  # noqa: PLC0415
        from ..models.conversation_out_settings import ConversationOutSettings  # noqa: PLC0415
        from ..models.message_out import MessageOut  # noqa: PLC0415
        from ..models.participant_out import ParticipantOut  # noqa: PLC0415
        from ..models.reference_out import ReferenceOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        conversation_type = check_conversation_out_conversation_type(d.pop("conversation_type"))

        title = d.pop("title")

        def _parse_reference(data: object) -> None | ReferenceOut:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                reference_type_0 = ReferenceOut.from_dict(data)

                return reference_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | ReferenceOut, data)

        reference = _parse_reference(d.pop("reference"))

        status = check_conversation_out_status(d.pop("status"))

        metadata = ConversationOutMetadata.from_dict(d.pop("metadata"))

        settings = ConversationOutSettings.from_dict(d.pop("settings"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        participants = []
        _participants = d.pop("participants")
        for participants_item_data in _participants:
            participants_item = ParticipantOut.from_dict(participants_item_data)

            participants.append(participants_item)

        participant_count = d.pop("participant_count")

        def _parse_last_message(data: object) -> MessageOut | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                last_message_type_0 = MessageOut.from_dict(data)

                return last_message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MessageOut | None, data)

        last_message = _parse_last_message(d.pop("last_message"))

        last_seq = d.pop("last_seq")

        unread_count = d.pop("unread_count")

        is_archived = d.pop("is_archived")

        conversation_out = cls(
            id=id,
            conversation_type=conversation_type,
            title=title,
            reference=reference,
            status=status,
            metadata=metadata,
            settings=settings,
            created_at=created_at,
            updated_at=updated_at,
            participants=participants,
            participant_count=participant_count,
            last_message=last_message,
            last_seq=last_seq,
            unread_count=unread_count,
            is_archived=is_archived,
        )

        return conversation_out
