from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.update_conversation_status_type_0 import check_update_conversation_status_type_0
from ..models.update_conversation_status_type_0 import UpdateConversationStatusType0
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.update_conversation_metadata_type_0 import UpdateConversationMetadataType0
    from ..models.update_conversation_settings_type_0 import UpdateConversationSettingsType0


T = TypeVar("T", bound="UpdateConversation")


@_attrs_define
class UpdateConversation:
    """Fields to change; omitted fields keep their value, and null empties all but the status.

    Attributes:
        title (None | str | Unset):
        metadata (None | Unset | UpdateConversationMetadataType0):
        settings (None | Unset | UpdateConversationSettingsType0):
        status (None | Unset | UpdateConversationStatusType0):
    """

    title: None | str | Unset = UNSET
    metadata: None | Unset | UpdateConversationMetadataType0 = UNSET
    settings: None | Unset | UpdateConversationSettingsType0 = UNSET
    status: None | Unset | UpdateConversationStatusType0 = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.update_conversation_metadata_type_0 import UpdateConversationMetadataType0  # noqa: PLC0415
        from ..models.update_conversation_settings_type_0 import UpdateConversationSettingsType0  # noqa: PLC0415

        title: None | str | Unset
        if isinstance(self.title, Unset):
            title = UNSET
        else:
            title = self.title

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, UpdateConversationMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        settings: dict[str, Any] | None | Unset
        if isinstance(self.settings, Unset):
            settings = UNSET
        elif isinstance(self.settings, UpdateConversationSettingsType0):
            settings = self.settings.to_dict()
        else:
            settings = self.settings

        status: None | str | Unset
        if isinstance(self.status, Unset):
            status = UNSET
        elif isinstance(self.status, str):
            status = self.status
        else:
            status = self.status

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if title is not UNSET:
            field_dict["title"] = title
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if settings is not UNSET:
            field_dict["settings"] = settings
        if status is not UNSET:
            field_dict["status"] = status

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.update_conversation_metadata_type_0 import UpdateConversationMetadataType0  # noqa: PLC0415
        from ..models.update_conversation_settings_type_0 import UpdateConversationSettingsType0  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_title(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        title = _parse_title(d.pop("title", UNSET))

        def _parse_metadata(data: object) -> None | Unset | UpdateConversationMetadataType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = UpdateConversationMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UpdateConversationMetadataType0, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_settings(data: object) -> None | Unset | UpdateConversationSettingsType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                settings_type_0 = UpdateConversationSettingsType0.from_dict(data)

                return settings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UpdateConversationSettingsType0, data)

        settings = _parse_settings(d.pop("settings", UNSET))

        def _parse_status(data: object) -> None | Unset | UpdateConversationStatusType0:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                status_type_0 = check_update_conversation_status_type_0(data)

                return status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UpdateConversationStatusType0, data)

        status = _parse_status(d.pop("status", UNSET))

        if d:
            raise ChatError("invalid", f"UpdateConversation has no {', '.join(sorted(map(str, d)))}")

        update_conversation = cls(
            title=title,
            metadata=metadata,
            settings=settings,
            status=status,
        )

        return update_conversation
