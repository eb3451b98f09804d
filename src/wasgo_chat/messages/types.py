"""The message types: their only declaration.

CHECK constraints, schemas, the multipart form, the checks of a send and the API documents derive from it. To add a
type, declare it here, migrate the CHECK constraint, show it in the web client and describe it in docs/protocol.md.
Types with files are declared in `attachments.upload.content_types`, with the content that they take.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from wasgo_chat.attachments.upload.content_types import FILE_TYPES
from wasgo_chat.core.errors import Invalid

MAX_LABEL_CHARS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageType:
    """What the service has to know about a type of messages.

    Attributes:
        name: the value in the database and on the wire.
        needs_content: the content must not be blank, unless the message has attachments.
        needs_files: the message must have an attachment.
        check_metadata: raises Invalid if the metadata does not fit the type.
        is_sent_by_users: False for messages of services, which have no sender.
        is_editable: the sender can change the content.
    """

    name: str
    needs_content: bool = False
    needs_files: bool = False
    check_metadata: Callable[[Mapping[str, Any]], None] | None = None
    is_sent_by_users: bool = True
    is_editable: bool = True


def _check_location(metadata: Mapping[str, Any]) -> None:
    location = metadata.get("location")
    if not isinstance(location, dict):
        raise Invalid.field(["metadata", "location"], "missing", "a location message needs {lat, lng, label?}")
    if location.keys() - {"lat", "lng", "label"}:
        raise Invalid.field(["metadata", "location"], "extra_forbidden", "can have lat, lng and label only")
    for name, bound in (("lat", 90), ("lng", 180)):
        if not _is_coordinate(location.get(name), bound):
            raise Invalid.field(
                ["metadata", "location", name], "coordinate", f"must be a number from -{bound} to {bound}"
            )
    label = location.get("label", "")
    if not isinstance(label, str) or len(label) > MAX_LABEL_CHARS:
        raise Invalid.field(
            ["metadata", "location", "label"], "label", f"must be text of at most {MAX_LABEL_CHARS} characters"
        )


def _is_coordinate(value: Any, bound: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= bound


TEXT = MessageType(name="text", needs_content=True)
LOCATION = MessageType(name="location", check_metadata=_check_location)
SYSTEM = MessageType(name="system", is_sent_by_users=False, is_editable=False)

_FILES = (MessageType(name=name, needs_files=True) for name in FILE_TYPES)
# The order is the order in the CHECK constraint and the API documents: append new types.
MESSAGE_TYPES = {type_.name: type_ for type_ in (TEXT, *_FILES, LOCATION, SYSTEM)}
SENDABLE_TYPES = {name: type_ for name, type_ in MESSAGE_TYPES.items() if type_.is_sent_by_users}

if TYPE_CHECKING:
    MessageTypeName = str
    SendableTypeName = str
else:
    # Literals rather than enums: Pydantic then describes them in place, without schemas of their own.
    MessageTypeName = Literal[tuple(MESSAGE_TYPES)]
    SendableTypeName = Literal[tuple(SENDABLE_TYPES)]
