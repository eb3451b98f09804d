"""Generated from docs/openapi.json by tools/generate.py: do not edit."""

from collections.abc import Mapping
from types import ModuleType

from .rest.api.integrations import (
    put_bid_conversation,
    put_dispute_conversation,
    put_job_conversation,
    put_request_conversation,
)

OBJECT_CONVERSATION_OPERATIONS: Mapping[str, ModuleType] = {
    "bid": put_bid_conversation,
    "job": put_job_conversation,
    "request": put_request_conversation,
    "dispute": put_dispute_conversation,
}
"""The operation that gets or creates the conversation of an object, by the type of the object."""
