"""Generated from docs/openapi.json by tools/generate.py: do not edit."""

from collections.abc import Mapping

OBJECT_CONVERSATION_PATHS: Mapping[str, str] = {
    "bid": "/bids/{reference_id}/conversation/",
    "job": "/jobs/{reference_id}/conversation/",
    "request": "/requests/{reference_id}/conversation/",
    "dispute": "/disputes/{reference_id}/conversation/",
}
"""The path that gets or creates the conversation of an object, by the type of the object."""
