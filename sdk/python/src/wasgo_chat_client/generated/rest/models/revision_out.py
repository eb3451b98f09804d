from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="RevisionOut")


@_attrs_define
class RevisionOut:
    """A revision of a message. `replaced_at` is null for the current one, `content` for a deletion.

    Attributes:
        revision (int):
        content (None | str):
        written_at (datetime.datetime | None): Null if the revision before it is no longer stored.
        replaced_at (datetime.datetime | None):
    """

    revision: int
    content: None | str
    written_at: datetime.datetime | None
    replaced_at: datetime.datetime | None

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        content: None | str
        content = self.content

        written_at: None | str
        if isinstance(self.written_at, datetime.datetime):
            written_at = self.written_at.isoformat()
        else:
            written_at = self.written_at

        replaced_at: None | str
        if isinstance(self.replaced_at, datetime.datetime):
            replaced_at = self.replaced_at.isoformat()
        else:
            replaced_at = self.replaced_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "revision": revision,
                "content": content,
                "written_at": written_at,
                "replaced_at": replaced_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        revision = d.pop("revision")

        def _parse_content(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        content = _parse_content(d.pop("content"))

        def _parse_written_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                written_at_type_0 = datetime.datetime.fromisoformat(data)

                return written_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        written_at = _parse_written_at(d.pop("written_at"))

        def _parse_replaced_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                replaced_at_type_0 = datetime.datetime.fromisoformat(data)

                return replaced_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        replaced_at = _parse_replaced_at(d.pop("replaced_at"))

        revision_out = cls(
            revision=revision,
            content=content,
            written_at=written_at,
            replaced_at=replaced_at,
        )

        return revision_out
