"""The schema of an attachment, and the fields of an upload."""

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.attachments.upload.content_types import FILE_TYPES
from wasgo_chat.core.encoding import RequestModel, ResponseModel

Variant = Literal["original", "thumbnail"]

if TYPE_CHECKING:
    FileTypeName = str
else:
    FileTypeName = Literal[tuple(FILE_TYPES)]

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
"""A file in an OpenAPI form. Client generators look for `format`, not for `contentMediaType`."""


class AttachmentOut(ResponseModel):
    """A file. Its URLs are signed and valid for minutes, so that `<img>` and `<a>` work without headers.

    Load the attachment or its message again to get new ones.
    """

    id: UUID
    url: str
    thumbnail_url: str | None
    filename: str
    content_type: str
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="SHA-256 of the file as it is served, in hexadecimal.")
    width: int | None = Field(description="Pixels.")
    height: int | None = Field(description="Pixels.")
    duration: float | None = Field(description="Seconds.")


class UploadFields(RequestModel):
    """The fields of an upload besides the file."""

    conversation: UUID
    message_type: FileTypeName | None = None
