from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.inspected_conversation_conversation_type import check_inspected_conversation_conversation_type
from ..models.inspected_conversation_conversation_type import InspectedConversationConversationType
from ..models.inspected_conversation_status import check_inspected_conversation_status
from ..models.inspected_conversation_status import InspectedConversationStatus
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.inspected_conversation_metadata import InspectedConversationMetadata
    from ..models.inspected_conversation_settings import InspectedConversationSettings
    from ..models.reference_out import ReferenceOut
    from ..models.user_out import UserOut


T = TypeVar("T", bound="InspectedConversation")


@_attrs_define
class InspectedConversation:
    """A conversation in the operators' list, without any message.

    Attributes:
        id (UUID):
        conversation_type (InspectedConversationConversationType):
        title (str):
        reference (None | ReferenceOut):
        status (InspectedConversationStatus):
        metadata (InspectedConversationMetadata):
        settings (InspectedConversationSettings):
        created_at (datetime.datetime):
        updated_at (datetime.datetime):
        created_by (None | str):
        last_seq (int):
        message_count (int):
        participant_count (int): The number of current participants.
        people (list[UserOut]): The first of them, by the time of joining.
    """

    id: UUID
    conversation_type: InspectedConversationConversationType
    title: str
    reference: None | ReferenceOut
    status: InspectedConversationStatus
    metadata: InspectedConversationMetadata
    settings: InspectedConversationSettings
    created_at: datetime.datetime
    updated_at: datetime.datetime
    created_by: None | str
    last_seq: int
    message_count: int
    participant_count: int
    people: list[UserOut]

    def to_dict(self) -> dict[str, Any]:
        from ..models.inspected_conversation_metadata import InspectedConversationMetadata  # noqa: PLC0415
        from ..models.inspected_conversation_settings import InspectedConversationSettings  # noqa: PLC0415
        from ..models.reference_out import ReferenceOut  # noqa: PLC0415
        from ..models.user_out import UserOut  # noqa: PLC0415

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

        created_by: None | str
        created_by = self.created_by

        last_seq = self.last_seq

        message_count = self.message_count

        participant_count = self.participant_count

        people = []
        for people_item_data in self.people:
            people_item = people_item_data.to_dict()
            people.append(people_item)

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
                "created_by": created_by,
                "last_seq": last_seq,
                "message_count": message_count,
                "participant_count": participant_count,
                "people": people,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.inspected_conversation_metadata import InspectedConversationMetadata  # noqa: PLC0415
        from ..models.inspected_conversation_settings import InspectedConversationSettings  # noqa: PLC0415
        from ..models.reference_out import ReferenceOut  # noqa: PLC0415
        from ..models.user_out import UserOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        conversation_type = check_inspected_conversation_conversation_type(d.pop("conversation_type"))

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

        status = check_inspected_conversation_status(d.pop("status"))

        metadata = InspectedConversationMetadata.from_dict(d.pop("metadata"))

        settings = InspectedConversationSettings.from_dict(d.pop("settings"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        def _parse_created_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        created_by = _parse_created_by(d.pop("created_by"))

        last_seq = d.pop("last_seq")

        message_count = d.pop("message_count")

        participant_count = d.pop("participant_count")

        people = []
        _people = d.pop("people")
        for people_item_data in _people:
            people_item = UserOut.from_dict(people_item_data)

            people.append(people_item)

        inspected_conversation = cls(
            id=id,
            conversation_type=conversation_type,
            title=title,
            reference=reference,
            status=status,
            metadata=metadata,
            settings=settings,
            created_at=created_at,
            updated_at=updated_at,
            created_by=created_by,
            last_seq=last_seq,
            message_count=message_count,
            participant_count=participant_count,
            people=people,
        )

        return inspected_conversation
