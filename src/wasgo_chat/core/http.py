"""What every HTTP door shares: who calls, the database, page parameters, and errors as problem documents."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, WithJsonSchema
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from wasgo_chat.core.auth import Actor, Find
from wasgo_chat.core.db import Database
from wasgo_chat.core.errors import (
    PROBLEM_JSON,
    ActAsRequired,
    ChatError,
    Conflict,
    Invalid,
    NotFound,
    RateLimited,
    ScopeRequired,
    Unauthenticated,
    Unavailable,
    UserErased,
    problem,
    problem_body,
    problem_of,
)
from wasgo_chat.core.limits import Kind, RateLimits
from wasgo_chat.core.paging import DEFAULT_LIMIT, MAX_LIMIT
from wasgo_chat.core.reading import Reading
from wasgo_chat.core.wire import Json, has_stray_control

log = structlog.get_logger(__name__)

_BEARER = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A user's or a service's token.")
_UserId = Annotated[str, WithJsonSchema({"type": "string", "maxLength": 128})]  # `from_headers` counts its characters
_MAX_CURSOR_CHARS = 500
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_KINDS: dict[str, Kind | None] = {
    "/chat/messages/": None,
    "/chat/conversations/create_support_conversation/": None,
    "/chat/attachments/": "upload",
    "/chat/ws_tickets/": "ticket",
}
_UNQUOTED = {
    "json_invalid": "is not JSON",
    "union_tag_invalid": "is no type of frame that a client sends",
    "uuid_parsing": "must be a UUID",
    "datetime_parsing": "must be a time by RFC 3339",
}


async def _caller(
    request: Request,
    _: Annotated[Any, Depends(_BEARER)],
    x_act_as: Annotated[_UserId | None, Header(description="User id a service acts as (scope `chat:act_as`).")] = None,
) -> Actor:
    return await admit(request)


async def admit(request: Request, find: Find | None = None) -> Actor:
    """Who makes a request, counted.

    Args:
        request: of a running app.
        find: see `Authenticator.from_bearer`.

    Raises:
        Unauthenticated, ScopeRequired, Invalid: as `Authenticator.from_headers`.
        RateLimited: too many requests of theirs, or too many tokens that were not accepted.
    """
    rates: RateLimits = request.app.state.rate_limits
    try:
        actor: Actor = await request.app.state.authenticator.from_headers(request.headers, find)
    except Unauthenticated:
        rates.count_failure(address_of(request))
        raise
    structlog.contextvars.bind_contextvars(user=actor.user_id, service=actor.service)
    if actor.service is None:  # a service speaks for many
        rates.count_address(address_of(request))
        if (kind := _kind_of(request)) is not None:
            await rates.count_request(actor.user, kind)
    return actor


async def _anybody(request: Request) -> None:
    rates: RateLimits = request.app.state.rate_limits
    rates.count_address(address_of(request))


def address_of(connection: HTTPConnection) -> str | None:
    """A client's address, as the connection or a trusted proxy says; one of IPv6 is its network of 64 bits.

    None where it is not a public one: then it is a proxy's, which many share.
    """
    return None if connection.client is None else _counted(connection.client.host)


@lru_cache(4096)
def _counted(host: str) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if not address.is_global:
        return None
    return str(address) if address.version == 4 else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))


def _kind_of(request: Request) -> Kind | None:
    """What a request counts as; None where its route counts it as a message, so that nothing is counted twice."""
    if request.method in ("GET", "HEAD"):
        return "read"
    return _KINDS.get(request.scope["path"], "write")


async def _database(request: Request) -> Database:
    db: Database = request.app.state.db
    return db


async def _rate_limits(request: Request) -> RateLimits:
    limits: RateLimits = request.app.state.rate_limits
    return limits


async def _reading(
    request: Request,
    x_read_after: Annotated[
        str | None, Header(description="What the last answer said, where a standby may read as of then.")
    ] = None,
) -> Reading:
    return Reading(request.app.state.replicas, x_read_after)


def _clean_cursor(cursor: Annotated[str | None, Query(max_length=_MAX_CURSOR_CHARS)] = None) -> str | None:
    if cursor is not None and (has_stray_control(cursor, allowed="") or not cursor.isascii()):
        raise Invalid.field(["query", "cursor"], "cursor", "is not a cursor of this list with these filters")
    return cursor


Anybody = Depends(_anybody)
Caller = Annotated[Actor, Depends(_caller)]
Db = Annotated[Database, Depends(_database)]
Reads = Annotated[Reading, Depends(_reading)]
Rates = Annotated[RateLimits, Depends(_rate_limits)]
Cursor = Annotated[str | None, Depends(_clean_cursor)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description=f"Results of a page; {DEFAULT_LIMIT} by default.")]
KeyHeader = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description="The same key and body within 24 h give the first answer again."),
]


class FieldError(BaseModel):
    """One wrong value of a request: where, a stable code, a sentence. The value itself is never repeated."""

    loc: list[str | int]
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem document; compare `code`, which is stable and listed in docs/protocol.md."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    retry_after_s: float | None = None


_PROBLEMS = {
    400: "The request cannot be parsed.",
    401: "No valid token.",
    403: "Seen, but not allowed.",
    404: "There is no such thing, or not for the caller.",
    409: "It contradicts the present state.",
    413: "The body is too large.",
    415: "The body, or a file in it, is of a type that is not taken here.",
    416: "The file ends before this range.",
    422: "A value is not acceptable.",
    429: "Too many requests; see Retry-After.",
    507: "There is no room for the file.",
    503: "Try again with the same key; see Retry-After.",
}

# What the server itself refuses, by status: a stable code and a title.
_OF_THE_SERVER = {
    400: ("malformed_json", "The body cannot be parsed"),
    404: ("not_found", NotFound.title),
    405: ("method_not_allowed", "This path does not take this method"),
    413: ("body_too_large", "The body is too large"),
    415: ("unsupported_media_type", "This content type is not taken here"),
}

_CODES: dict[int, tuple[str, ...]] = {
    400: ("malformed_json",),
    401: (Unauthenticated.code,),
    403: (ActAsRequired.code, ScopeRequired.code),
    404: (NotFound.code,),
    409: (Conflict.code,),
    413: ("body_too_large",),
    415: ("unsupported_media_type",),
    422: (Invalid.code,),
    429: (RateLimited.code,),
    503: (Unavailable.code,),
}


def problems(*facts: int | type[ChatError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` entry of a route: its problem documents, and those that any route may answer.

    Args:
        facts: statuses, which stand for their ordinary codes, and errors with codes of their own.
    """
    codes: dict[int, list[str]] = {status: [*_CODES[status]] for status in (400, 413, 429, 503)}
    # Whoever is named, by a token or by X-Act-As, may have been erased.
    for fact in (*facts, *([UserErased] if 401 in facts else [])):
        status, named = (fact, _CODES[fact]) if isinstance(fact, int) else (fact.status, (fact.code,))
        known = codes.setdefault(status, [])
        known += [code for code in named if code not in known]
    return {status: problem_response(status, codes[status]) for status in sorted(codes)}


def problem_response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """One response in OpenAPI; each code that it may have is an example, kept once for the whole document."""
    examples = {code: {"$ref": f"#/components/examples/problem_{code}"} for code in codes}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": _PROBLEMS[status], "content": {PROBLEM_JSON: content}}


def problem_examples() -> dict[str, dict[str, Any]]:
    """Every problem by its code, as it looks."""
    found: dict[str, dict[str, Any]] = {}
    for status, (code, title) in _OF_THE_SERVER.items():
        found[code] = problem_body(status, code, title)
    kinds: list[type[ChatError]] = [ChatError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[kind.code] = problem_body(kind.status, kind.code, kind.title)
    found[Invalid.code]["errors"] = [{"loc": ["content"], "code": "empty", "message": "has nothing but white space"}]
    found[RateLimited.code]["retry_after_s"] = found[Unavailable.code]["retry_after_s"] = 1.2
    return dict(sorted(found.items()))


def once_answer(status: int, content: Any) -> Response:
    """The answer to a repeated Idempotency-Key."""
    return Json(content, status, headers={"Idempotent-Replay": "true"})


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of this app a problem document."""
    app.add_exception_handler(ChatError, _on_chat_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_crash)


def field_errors(errors: Any) -> list[dict[str, Any]]:
    """Pydantic's errors as ours: without the input, the URL and the context, also where its sentences quote them."""
    return [
        {
            "loc": [_shown(part) for part in error["loc"] if part != "body"],
            "code": error["type"],
            "message": _UNQUOTED.get(error["type"], error["msg"]),
        }
        for error in errors
    ]


def _shown(part: str | int) -> str | int:
    """A field's name, where it is one: the name of an unknown field is input too."""
    return part if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "?"


async def _on_chat_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatError)  # noqa: S101  registered for this class only
    return answer_of(error)


def answer_of(error: ChatError) -> Response:
    """What a request is told of one of our errors."""
    if error.status >= 500:
        log.warning("unavailable", error=type(error.__cause__ or error).__name__)
    return problem_of(error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class only
    errors = error.errors()
    if any(found["loc"][0] == "path" for found in errors):
        # What cannot be an id names nothing: the same answer as for an id that never was.
        return problem_of(NotFound())
    if any(found["type"] == "json_invalid" for found in errors):
        return problem(400, "malformed_json", "The body is not JSON")
    if any(found["type"] == "model_attributes_type" and found["loc"] == ("body",) for found in errors):
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return problem(415, "unsupported_media_type", "The body must be application/json")
    return problem_of(Invalid(field_errors(errors)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class only
    code, title = _OF_THE_SERVER.get(error.status_code, (f"http_{error.status_code}", "The request cannot be answered"))
    return problem(error.status_code, code, title, headers=dict(error.headers or {}))


async def _on_crash(request: Request, error: Exception) -> Response:
    answer = problem_of(ChatError())
    # The server closes the connection after a crash: a client must not send its next request into that.
    answer.headers["Connection"] = "close"
    return answer
