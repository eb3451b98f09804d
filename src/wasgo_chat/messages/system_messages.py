"""The texts of system messages that the service itself writes, by `metadata.action`.

They are English; clients can use the action and its ids to show the message in any language.
"""

from collections.abc import Mapping
from typing import Any


def system_text(metadata: Mapping[str, Any], name: str) -> str:
    """The text of a system message about a user with this name; empty for the actions of other services."""
    match metadata.get("action"):
        case "participant_added":
            return f"{name} joined"
        case "participant_removed":
            return f"{name} left" if metadata.get("by") == metadata.get("user_id") else f"{name} was removed"
        case "participant_updated":
            return f"{name} is now {metadata.get('role')}"
        case "assigned":
            return f"{name} is now in charge"
        case "conversation_closed":
            return "The conversation was closed"
        case "conversation_reopened":
            return "The conversation was reopened"
    return ""


def is_generated_text(metadata: Mapping[str, Any], content: str) -> bool:
    """Whether `system_text` wrote this content, for a user of any name."""
    ending = system_text(metadata, "")
    return bool(ending) and content.endswith(ending)
