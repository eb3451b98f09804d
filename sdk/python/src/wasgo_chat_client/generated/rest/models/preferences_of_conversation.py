from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.preferences_of_conversation_level_type_0 import check_preferences_of_conversation_level_type_0
from ..models.preferences_of_conversation_level_type_0 import PreferencesOfConversationLevelType0
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.channel_choices import ChannelChoices


T = TypeVar("T", bound="PreferencesOfConversation")


@_attrs_define
class PreferencesOfConversation:
    """A user's preferences for one conversation; null means that the general preference applies.

    PUT replaces all of them.

        Attributes:
            level (None | PreferencesOfConversationLevelType0 | Unset):
            muted_until (datetime.datetime | None | Unset):
            channels (ChannelChoices | Unset): Which channels may be used for one conversation; null means that the general
                preference applies.
    """

    level: None | PreferencesOfConversationLevelType0 | Unset = UNSET
    muted_until: datetime.datetime | None | Unset = UNSET
    channels: ChannelChoices | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.channel_choices import ChannelChoices  # noqa: PLC0415

        level: None | str | Unset
        if isinstance(self.level, Unset):
            level = UNSET
        elif isinstance(self.level, str):
            level = self.level
        else:
            level = self.level

        muted_until: None | str | Unset
        if isinstance(self.muted_until, Unset):
            muted_until = UNSET
        elif isinstance(self.muted_until, datetime.datetime):
            muted_until = self.muted_until.isoformat()
        else:
            muted_until = self.muted_until

        channels: dict[str, Any] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = self.channels.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if level is not UNSET:
            field_dict["level"] = level
        if muted_until is not UNSET:
            field_dict["muted_until"] = muted_until
        if channels is not UNSET:
            field_dict["channels"] = channels

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channel_choices import ChannelChoices  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_level(data: object) -> None | PreferencesOfConversationLevelType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                level_type_0 = check_preferences_of_conversation_level_type_0(data)

                return level_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreferencesOfConversationLevelType0 | Unset, data)

        level = _parse_level(d.pop("level", UNSET))

        def _parse_muted_until(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                muted_until_type_0 = datetime.datetime.fromisoformat(data)

                return muted_until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        muted_until = _parse_muted_until(d.pop("muted_until", UNSET))

        _channels = d.pop("channels", UNSET)
        channels: ChannelChoices | Unset
        if isinstance(_channels, Unset):
            channels = UNSET
        else:
            channels = ChannelChoices.from_dict(_channels)

        if d:
            raise ChatError("invalid", f"PreferencesOfConversation has no {', '.join(sorted(map(str, d)))}")

        preferences_of_conversation = cls(
            level=level,
            muted_until=muted_until,
            channels=channels,
        )

        return preferences_of_conversation
