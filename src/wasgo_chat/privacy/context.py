"""What the routes of privacy need from the worker that serves a request. `Worker` satisfies it structurally."""

from collections.abc import Sequence
from typing import Protocol

from starlette.requests import HTTPConnection

from wasgo_chat.feature import PersonalData
from wasgo_chat.http.context import HttpContext


class PrivacyContext(HttpContext, Protocol):
    """What the features of the worker store about users."""

    personal_data: Sequence[PersonalData]


def privacy_context(connection: HTTPConnection) -> PrivacyContext:
    """The worker that serves this connection."""
    worker: PrivacyContext = connection.app.state.worker
    return worker
