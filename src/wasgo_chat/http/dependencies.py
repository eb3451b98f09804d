"""Dependencies shared by HTTP routes: the authenticated caller, rate limits, the database and page parameters."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import structlog
from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from pydantic import WithJsonSchema
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import HTTPConnection

from wasgo_chat.core.encoding import JsonResponse, has_control_characters
from wasgo_chat.core.errors import Invalid, Unauthenticated
from wasgo_chat.core.ip_ranges import client_bucket
from wasgo_chat.database.read_your_writes import ReadSession
from wasgo_chat.database.session import Database
from wasgo_chat.http.context import http_context
from wasgo_chat.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from wasgo_chat.http.query_parameters import reject_unknown_parameters
from wasgo_chat.http.rate_limits import RateClass, RateLimits
from wasgo_chat.http.refusal_limit import ACTOR
from wasgo_chat.http.user_turns import TurnKind
from wasgo_chat.identity.authentication import Actor, UserLookup

_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A user token or a service token.")

# The lengths are for the document: other code checks them, with errors of its own.
_UserId = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 128})]
_ReadAfter = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 16})]
_IdempotencyKey = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 200})]
ETag = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 1000})]
_MAX_CURSOR_CHARS = 500
_RATE_CLASS = "wasgo_chat_rate_class"
_TURNS = "wasgo_chat_turns"
_RESULTS_PER_READ = "wasgo_chat_results_per_read"

EXTERNAL_ID_ACTIONS = ("revoke", "erasure", "export")
"""The last path segments of the routes below `/chat/users/{user_id}/`."""

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class ExternalIdConvertor(Convertor[str]):
    """A path parameter with an id of the platform. It may contain slashes: servers decode `%2F` before routing.

    The id does not match if it ends with one of `EXTERNAL_ID_ACTIONS`. Otherwise an action requested with the wrong
    method would be taken for a user whose id ends with the name of the action.
    """

    regex = ".+" + "".join(f"(?<!/{action})" for action in EXTERNAL_ID_ACTIONS)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


register_url_convertor("key", ExternalIdConvertor())


def rate_class(name: RateClass | None) -> Callable[[Endpoint], Endpoint]:
    """Decorator of an endpoint: the rate limit that its requests count against.

    Without it, GET and HEAD count as "read" and everything else as "write". None is for endpoints that count their
    requests as messages themselves, so that nothing is counted twice.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RATE_CLASS, name)
        return endpoint

    return declare


def weighed(results_per_read: int, *, turns: TurnKind = "list") -> Callable[[Endpoint], Endpoint]:
    """Decorator of an endpoint with an expensive response.

    A request counts as one read, and one more for each `results_per_read` results that it asks for. Without the
    parameter `limit`, these are as many as in a page of the default size. `turns`: see `UserTurns`.
    """

    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RESULTS_PER_READ, results_per_read)
        setattr(endpoint, _TURNS, turns)
        return endpoint

    return declare


async def _caller(
    request: Request,
    _: Annotated[Any, Depends(_BEARER)],
    x_act_as: Annotated[
        _UserId | None, Header(description="User that a service acts as (scope `chat:act_as`).")
    ] = None,
) -> Actor:
    actor = await authenticate(request)
    reject_unknown_parameters(request)
    return actor


async def authenticate(request: Request, find: UserLookup | None = None, *, cost: float | None = None) -> Actor:
    """Authenticate a request and count it against the caller's rate limits.

    Args:
        request: the request.
        find: looks up the token's user, see `Authenticator.from_bearer`.
        cost: as how many requests it counts; None: as the endpoint declares.

    Raises:
        Unauthenticated, ScopeRequired, Invalid: as `Authenticator.from_headers`.
        RateLimited: too many requests of this user, or too many rejected tokens from this address.
    """
    worker = http_context(request)
    rates = worker.rate_limits
    try:
        actor = await worker.authenticator.from_headers(request.headers, find)
    except Unauthenticated:
        rates.count_failure(client_ip_bucket(request))
        raise
    request.scope[ACTOR] = actor
    structlog.contextvars.bind_contextvars(user=actor.user_id, service=actor.service)
    if actor.service is None:  # services act for many users
        rates.count_address(client_ip_bucket(request))
        if (counted_as := _rate_class(request)) is not None:
            await rates.count_request(actor.require_user(), counted_as, cost or _cost(request))
        if counted_as == "read":
            turns: TurnKind = getattr(request.scope.get("endpoint"), _TURNS, "read")
            await worker.user_turns.acquire(request.scope, actor.require_user(), turns)
    return actor


async def _anonymous_rate_limit(request: Request) -> None:
    http_context(request).rate_limits.count_address(client_ip_bucket(request))


def client_ip_bucket(connection: HTTPConnection) -> str | None:
    """The client address (from the connection or a trusted proxy) as a key for limits; None if it is not public."""
    return None if connection.client is None else client_bucket(connection.client.host)


def _rate_class(request: Request) -> RateClass | None:
    default: RateClass = "read" if request.method in ("GET", "HEAD") else "write"
    declared: RateClass | None = getattr(request.scope.get("endpoint"), _RATE_CLASS, default)
    return declared


def _results_per_read(request: Request) -> int | None:
    declared: int | None = getattr(request.scope.get("endpoint"), _RESULTS_PER_READ, None)
    return declared


def _cost(request: Request) -> float:
    results_per_read = _results_per_read(request)
    if results_per_read is None:
        return 1.0
    limit = request.query_params.get("limit", "")
    requested = int(limit) if limit.isascii() and limit.isdecimal() and len(limit) < 4 else DEFAULT_LIMIT
    return 1.0 + min(requested, MAX_LIMIT) / results_per_read


async def _database(request: Request) -> Database:
    return http_context(request).db


async def _rate_limits(request: Request) -> RateLimits:
    return http_context(request).rate_limits


async def _read_session(
    request: Request,
    x_read_after: Annotated[
        _ReadAfter | None,
        Header(description="The latest `X-Read-After` received. Nothing older is returned."),
    ] = None,
) -> ReadSession:
    return ReadSession(http_context(request).replicas, x_read_after)


def _clean_cursor(cursor: Annotated[str | None, Query(max_length=_MAX_CURSOR_CHARS)] = None) -> str | None:
    if cursor is not None and (has_control_characters(cursor, allowed="") or not cursor.isascii()):
        raise Invalid.field(["query", "cursor"], "cursor", "is not a cursor of this list with these filters")
    return cursor


AnonymousRateLimit = Depends(_anonymous_rate_limit)
Caller = Annotated[Actor, Depends(_caller)]
Db = Annotated[Database, Depends(_database)]
ReadSessionDep = Annotated[ReadSession, Depends(_read_session)]
RateLimitsDep = Annotated[RateLimits, Depends(_rate_limits)]
Cursor = Annotated[str | None, Depends(_clean_cursor)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description=f"Results per page; {DEFAULT_LIMIT} by default.")]
IdempotencyKeyHeader = Annotated[
    _IdempotencyKey | None,
    Header(
        alias="Idempotency-Key",
        description="Repeating the same key and body within 24 h returns the first result.",
    ),
]


def replayed_response(status: int, content: Any) -> Response:
    """The response to a repeated Idempotency-Key."""
    return JsonResponse(content, status, headers={"Idempotent-Replay": "true"})
