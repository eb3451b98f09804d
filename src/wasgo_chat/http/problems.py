"""Errors as problem documents (RFC 9457): what a client is told, and how OpenAPI says so."""

import re
from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

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
    problem_from,
)

log = structlog.get_logger(__name__)

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}")
_OWN_MESSAGES = {
    "json_invalid": "is not JSON",
    "union_tag_invalid": "is no type of frame that a client sends",
    "uuid_parsing": "must be a UUID",
    "datetime_parsing": "must be a time by RFC 3339",
}


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
_SERVER_PROBLEMS = {
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


def problem_responses(*facts: int | type[ChatError]) -> dict[int | str, dict[str, Any]]:
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
    for status, (code, title) in _SERVER_PROBLEMS.items():
        found[code] = problem_body(status, code, title)
    kinds: list[type[ChatError]] = [ChatError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found[kind.code] = problem_body(kind.status, kind.code, kind.title)
    found[Invalid.code]["errors"] = [{"loc": ["content"], "code": "empty", "message": "has nothing but white space"}]
    found[RateLimited.code]["retry_after_s"] = found[Unavailable.code]["retry_after_s"] = 1.2
    return dict(sorted(found.items()))


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
            "message": _OWN_MESSAGES.get(error["type"]) or _length_of_text(error) or error["msg"],
        }
        for error in errors
    ]


def _length_of_text(error: Any) -> str | None:
    """Behind a function Pydantic no longer knows that it counts characters, and speaks of items."""
    if error["type"] not in ("too_long", "too_short") or not isinstance(error.get("input"), str):
        return None
    bound = error["ctx"]
    if error["type"] == "too_long":
        return f"should have at most {bound['max_length']} characters"
    return f"should have at least {bound['min_length']} characters"


def _shown(part: str | int) -> str | int:
    """A field's name, where it is one: the name of an unknown field is input too."""
    return part if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "?"


async def _on_chat_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatError)  # noqa: S101  registered for this class only
    return to_response(error)


def to_response(error: ChatError) -> Response:
    """What a request is told of one of our errors."""
    if error.status >= 500:
        log.warning("unavailable", error=type(error.__cause__ or error).__name__)
    return problem_from(error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class only
    errors = error.errors()
    if any(found["loc"][0] == "path" for found in errors):
        # What cannot be an id names nothing: the same answer as for an id that never was.
        return problem_from(NotFound())
    if any(found["type"] == "json_invalid" for found in errors):
        return problem(400, "malformed_json", "The body is not JSON")
    if any(found["type"] == "model_attributes_type" and found["loc"] == ("body",) for found in errors):
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return problem(415, "unsupported_media_type", "The body must be application/json")
    return problem_from(Invalid(field_errors(errors)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class only
    code, title = _SERVER_PROBLEMS.get(
        error.status_code, (f"http_{error.status_code}", "The request cannot be answered")
    )
    return problem(error.status_code, code, title, headers=dict(error.headers or {}))


async def _on_crash(request: Request, error: Exception) -> Response:
    answer = problem_from(ChatError())
    # The server closes the connection after a crash: a client must not send its next request into that.
    answer.headers["Connection"] = "close"
    return answer
