"""What every HTTP door shares: who calls, what is counted, the database, and page parameters."""

import ipaddress
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import quote

import structlog
from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from pydantic import WithJsonSchema
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import HTTPConnection

from wasgo_chat.core.encoding import JsonResponse, has_stray_control
from wasgo_chat.core.errors import Invalid, Unauthenticated
from wasgo_chat.database.read_your_writes import ReadSession
from wasgo_chat.database.session import Database
from wasgo_chat.http.context import http_context
from wasgo_chat.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from wasgo_chat.http.rate_limits import RateClass, RateLimits
from wasgo_chat.identity.authentication import Actor, UserLookup

_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A user's or a service's token.")
_UserId = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 128})]  # `from_headers` counts its characters
_MAX_CURSOR_CHARS = 500
_RATE_CLASSES: dict[str, RateClass | None] = {
    "/chat/messages/": None,
    "/chat/conversations/create_support_conversation/": None,
    "/chat/attachments/": "upload",
    "/chat/ws_tickets/": "ticket",
}


class ExternalIdConvertor(Convertor[str]):
    """An id of another system as a part of a path. It may have slashes (`%2F`), decoded by servers before we see them.

    It does not end like the name of an action, so that an action by a wrong method is not taken for an id.
    """

    regex = r".+(?<!/revoke)(?<!/erasure)(?<!/export)"

    def convert(self, value: str) -> str:
        """As it is."""
        return value

    def to_string(self, value: str) -> str:
        """As it is written in a path."""
        return quote(value, safe="")


register_url_convertor("key", ExternalIdConvertor())


async def _caller(
    request: Request,
    _: Annotated[Any, Depends(_BEARER)],
    x_act_as: Annotated[_UserId | None, Header(description="User id a service acts as (scope `chat:act_as`).")] = None,
) -> Actor:
    return await authenticate(request)


async def authenticate(request: Request, find: UserLookup | None = None) -> Actor:
    """Who makes a request, counted.

    Args:
        request: of a running app.
        find: see `Authenticator.from_bearer`.

    Raises:
        Unauthenticated, ScopeRequired, Invalid: as `Authenticator.from_headers`.
        RateLimited: too many requests of theirs, or too many tokens that were not accepted.
    """
    worker = http_context(request)
    rates = worker.rate_limits
    try:
        actor = await worker.authenticator.from_headers(request.headers, find)
    except Unauthenticated:
        rates.count_failure(client_ip_bucket(request))
        raise
    structlog.contextvars.bind_contextvars(user=actor.user_id, service=actor.service)
    if actor.service is None:  # a service speaks for many
        rates.count_address(client_ip_bucket(request))
        if (kind := _rate_class(request)) is not None:
            await rates.count_request(actor.require_user(), kind)
    return actor


async def _anonymous_rate_limit(request: Request) -> None:
    http_context(request).rate_limits.count_address(client_ip_bucket(request))


def client_ip_bucket(connection: HTTPConnection) -> str | None:
    """A client's address, as the connection or a trusted proxy says; one of IPv6 is its network of 64 bits.

    None where it is not a public one: then it is a proxy's, which many share.
    """
    return None if connection.client is None else _bucket(connection.client.host)


@lru_cache(4096)
def _bucket(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if not address.is_global:
        return None
    return str(address) if address.version == 4 else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


def _rate_class(request: Request) -> RateClass | None:
    """What a request counts as; None where its route counts it as a message, so that nothing is counted twice."""
    if request.method in ("GET", "HEAD"):
        return "read"
    return _RATE_CLASSES.get(request.scope["path"], "write")


async def _database(request: Request) -> Database:
    return http_context(request).db


async def _rate_limits(request: Request) -> RateLimits:
    return http_context(request).rate_limits


async def _reading(
    request: Request,
    x_read_after: Annotated[
        str | None, Header(description="What the last answer said, where a standby may read as of then.")
    ] = None,
) -> ReadSession:
    return ReadSession(http_context(request).replicas, x_read_after)


def _clean_cursor(cursor: Annotated[str | None, Query(max_length=_MAX_CURSOR_CHARS)] = None) -> str | None:
    if cursor is not None and (has_stray_control(cursor, allowed="") or not cursor.isascii()):
        raise Invalid.field(["query", "cursor"], "cursor", "is not a cursor of this list with these filters")
    return cursor


AnonymousRateLimit = Depends(_anonymous_rate_limit)
Caller = Annotated[Actor, Depends(_caller)]
Db = Annotated[Database, Depends(_database)]
ReadSessionDep = Annotated[ReadSession, Depends(_reading)]
RateLimitsDep = Annotated[RateLimits, Depends(_rate_limits)]
Cursor = Annotated[str | None, Depends(_clean_cursor)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description=f"Results of a page; {DEFAULT_LIMIT} by default.")]
IdempotencyKeyHeader = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="The same key and body within 24 h give the first answer again."),
]


def replayed_response(status: int, content: Any) -> Response:
    """The answer to a repeated Idempotency-Key."""
    return JsonResponse(content, status, headers={"Idempotent-Replay": "true"})
