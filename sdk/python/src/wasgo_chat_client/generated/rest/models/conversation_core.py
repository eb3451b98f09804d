from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.conversation_core_conversation_type import check_conversation_core_conversation_type
from ..models.conversation_core_conversation_type import ConversationCoreConversationType
from ..models.conversation_core_status import check_conversation_core_status
from ..models.conversation_core_status import ConversationCoreStatus
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.conversation_core_metadata import ConversationCoreMetadata
    from ..models.conversation_core_settings import ConversationCoreSettings
    from ..models.reference_out import ReferenceOut


T = TypeVar("T", bound="ConversationCore")


@_attrs_define
class ConversationCore:
    """The part of a conversation that is the same for every member; event frames carry it.

    Attributes:
        id (UUID):
        conversation_type (ConversationCoreConversationType):
        title (str):
        reference (None | ReferenceOut):
        status (ConversationCoreStatus):
        metadata (ConversationCoreMetadata):
        settings (ConversationCoreSettings):
        created_at (datetime.datetime):
        updated_at (datetime.datetime):
    """

    id: UUID
    conversation_type: ConversationCoreConversationType
    title: str
    reference: None | ReferenceOut
    status: ConversationCoreStatus
    metadata: ConversationCoreMetadata
    settings: ConversationCoreSettings
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def to_dict(self) -> dict[str, Any]:
        from ..models.conversation_core_metadata import ConversationCoreMetadata  # noqa: PLC0415
        from ..models.conversation_core_settings import ConversationCoreSettings  # noqa: PLC0415
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
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.conversation_core_metadata import ConversationCoreMetadata  # noqa: PLC0415
        from ..models.conversation_core_settings import ConversationCoreSettings  # noqa: PLC0415
        from ..models.reference_out import ReferenceOut  # noqa: PLC0415

        d = dict(src_dict)
        id = UUID(d.pop("id"))

        conversation_type = check_conversation_core_conversation_type(d.pop("conversation_type"))

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

        status = check_conversation_core_status(d.pop("status"))

        metadata = ConversationCoreMetadata.from_dict(d.pop("metadata"))

        settings = ConversationCoreSettings.from_dict(d.pop("settings"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        conversation_core = cls(
            id=id,
            conversation_type=conversation_type,
            title=title,
            reference=reference,
            status=status,
            metadata=metadata,
            settings=settings,
            created_at=created_at,
            updated_at=updated_at,
        )

        return conversation_core
