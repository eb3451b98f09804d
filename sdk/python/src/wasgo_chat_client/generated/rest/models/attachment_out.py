from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
from uuid import UUID


T = TypeVar("T", bound="AttachmentOut")


@_attrs_define
class AttachmentOut:
    """A file. Its URLs are signed and valid for minutes, so that `<img>` and `<a>` work without headers.

    Load the attachment or its message again to get new ones.

        Attributes:
            id (UUID):
            url (str):
            thumbnail_url (None | str):
            filename (str):
            content_type (str):
            size (int): Bytes.
            sha256 (str): SHA-256 of the file as it is served, in hexadecimal.
            width (int | None): Pixels.
            height (int | None): Pixels.
            duration (float | None): Seconds.
    """

    id: UUID
    url: str
    thumbnail_url: None | str
    filename: str
    content_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    duration: float | None

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        url = self.url

        thumbnail_url: None | str
        thumbnail_url = self.thumbnail_url

        filename = self.filename

        content_type = self.content_type

        size = self.size

        sha256 = self.sha256

        width: int | None
        width = self.width

        height: int | None
        height = self.height

        duration: float | None
        duration = self.duration

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "url": url,
                "thumbnail_url": thumbnail_url,
                "filename": filename,
                "content_type": content_type,
                "size": size,
                "sha256": sha256,
                "width": width,
                "height": height,
                "duration": duration,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        url = d.pop("url")

        def _parse_thumbnail_url(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        thumbnail_url = _parse_thumbnail_url(d.pop("thumbnail_url"))

        filename = d.pop("filename")

        content_type = d.pop("content_type")

        size = d.pop("size")

        sha256 = d.pop("sha256")

        def _parse_width(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        width = _parse_width(d.pop("width"))

        def _parse_height(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        height = _parse_height(d.pop("height"))

        def _parse_duration(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        duration = _parse_duration(d.pop("duration"))

        attachment_out = cls(
            id=id,
            url=url,
            thumbnail_url=thumbnail_url,
            filename=filename,
            content_type=content_type,
            size=size,
            sha256=sha256,
            width=width,
            height=height,
            duration=duration,
        )

        return attachment_out
