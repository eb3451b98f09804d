"""What HTTP dependencies need from the worker that serves a request. `Worker` satisfies it structurally."""

from typing import Protocol

from starlette.requests import HTTPConnection

from wasgo_chat.database.replicas import Replicas
from wasgo_chat.database.session import Database
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.http.user_turns import UserTurns
from wasgo_chat.identity.authentication import Authenticator
from wasgo_chat.settings.config import Settings


class HttpContext(Protocol):
    """The shared parts of a worker that every route may use."""

    settings: Settings
    db: Database
    replicas: Replicas
    rate_limits: RateLimits
    user_turns: UserTurns
    authenticator: Authenticator


def http_context(connection: HTTPConnection) -> HttpContext:
    """The worker that serves this connection."""
    worker: HttpContext = connection.app.state.worker
    return worker
