"""The service's own notes in a chat: the sentence that goes with each `metadata.action`.

In English; the action and its ids let a client say it in any language.
"""

from collections.abc import Mapping
from typing import Any


def system_text(metadata: Mapping[str, Any], who: str) -> str:
    """What a note says of somebody called `who`; a service's own action gets an empty sentence."""
    match metadata.get("action"):
        case "participant_added":
            return f"{who} joined"
        case "participant_removed":
            return f"{who} left" if metadata.get("by") == metadata.get("user_id") else f"{who} was removed"
        case "participant_updated":
            return f"{who} is now {metadata.get('role')}"
        case "assigned":
            return f"{who} is now in charge"
        case "conversation_closed":
            return "The conversation was closed"
        case "conversation_reopened":
            return "The conversation was reopened"
    return ""


def is_generated_text(metadata: Mapping[str, Any], content: str) -> bool:
    """Whether a note was made here, whatever the name in it is."""
    ending = system_text(metadata, "")
    return bool(ending) and content.endswith(ending)
