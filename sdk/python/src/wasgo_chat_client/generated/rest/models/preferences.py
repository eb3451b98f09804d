from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from wasgo_chat_client.errors import ChatError
from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.preferences_level import check_preferences_level
from ..models.preferences_level import PreferencesLevel
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.channels import Channels
    from ..models.quiet_hours import QuietHours


T = TypeVar("T", bound="Preferences")


@_attrs_define
class Preferences:
    """A user's general preferences. PUT replaces all of them: fields that are left out return to their defaults.

    Attributes:
        level (PreferencesLevel | Unset):  Default: 'all'.
        muted_until (datetime.datetime | None | Unset):
        quiet_hours (None | QuietHours | Unset):
        channels (Channels | Unset): Which channels may be used.
    """

    level: PreferencesLevel | Unset = "all"
    muted_until: datetime.datetime | None | Unset = UNSET
    quiet_hours: None | QuietHours | Unset = UNSET
    channels: Channels | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.channels import Channels  # noqa: PLC0415
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        level: str | Unset = UNSET
        if not isinstance(self.level, Unset):
            level = self.level

        muted_until: None | str | Unset
        if isinstance(self.muted_until, Unset):
            muted_until = UNSET
        elif isinstance(self.muted_until, datetime.datetime):
            muted_until = self.muted_until.isoformat()
        else:
            muted_until = self.muted_until

        quiet_hours: dict[str, Any] | None | Unset
        if isinstance(self.quiet_hours, Unset):
            quiet_hours = UNSET
        elif isinstance(self.quiet_hours, QuietHours):
            quiet_hours = self.quiet_hours.to_dict()
        else:
            quiet_hours = self.quiet_hours

        channels: dict[str, Any] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = self.channels.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if level is not UNSET:
            field_dict["level"] = level
        if muted_until is not UNSET:
            field_dict["muted_until"] = muted_until
        if quiet_hours is not UNSET:
            field_dict["quiet_hours"] = quiet_hours
        if channels is not UNSET:
            field_dict["channels"] = channels

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channels import Channels  # noqa: PLC0415
        from ..models.quiet_hours import QuietHours  # noqa: PLC0415

        d = dict(src_dict)
        _level = d.pop("level", UNSET)
        level: PreferencesLevel | Unset
        if isinstance(_level, Unset):
            level = UNSET
        else:
            level = check_preferences_level(_level)

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

        def _parse_quiet_hours(data: object) -> None | QuietHours | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                quiet_hours_type_0 = QuietHours.from_dict(data)

                return quiet_hours_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | QuietHours | Unset, data)

        quiet_hours = _parse_quiet_hours(d.pop("quiet_hours", UNSET))

        _channels = d.pop("channels", UNSET)
        channels: Channels | Unset
        if isinstance(_channels, Unset):
            channels = UNSET
        else:
            channels = Channels.from_dict(_channels)

        if d:
            raise ChatError("invalid", f"Preferences has no {', '.join(sorted(map(str, d)))}")

        preferences = cls(
            level=level,
            muted_until=muted_until,
            quiet_hours=quiet_hours,
            channels=channels,
        )

        return preferences
