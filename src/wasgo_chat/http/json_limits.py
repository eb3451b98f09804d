"""Size and depth limits for the JSON objects that clients attach (`metadata`, `settings`)."""

from typing import Any

from wasgo_chat.core.encoding import clean_json
from wasgo_chat.core.errors import Invalid
from wasgo_chat.settings.config import Settings


def clean_json_object(settings: Settings, field: str, value: dict[str, Any]) -> None:
    """Check a client's JSON object against `MAX_METADATA_BYTES` and `MAX_METADATA_DEPTH`, and replace its line ends.

    Raises:
        Invalid: the object is too large or too deep, or contains a string or number that cannot be stored.
    """
    if not value:
        return
    violation = clean_json(value, max_bytes=settings.max_metadata_bytes, max_depth=settings.max_metadata_depth)
    if violation:
        raise Invalid.field([field], "json_object", violation)
