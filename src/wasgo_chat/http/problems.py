"""Problem documents (RFC 9457): exception handlers that produce them, and their description in OpenAPI."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, Field
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
_MESSAGES = {
    "json_invalid": "is not JSON",
    "union_tag_invalid": "is not a frame type that clients may send",
    "uuid_parsing": "must be a UUID",
    "datetime_parsing": "must be an RFC 3339 timestamp",
}
"""Replacements for Pydantic's messages, by error type."""


class FieldError(BaseModel):
    """One invalid value of a request: its location, a stable code and a message. The value itself is never repeated."""

    loc: list[str | int]
    code: str
    message: str


class Problem(BaseModel):
    """RFC 9457 problem document. Programs should compare `code`, which is stable and listed in docs/protocol.md."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | None = None
    errors_omitted: bool | None = Field(default=None, description="True if there are more than the listed `errors`.")
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class _Status:
    """An HTTP error status of the API.

    Args:
        description: of the response in OpenAPI.
        codes: that a route documents when it names only the status.
        title: of the problem document if the framework, not a route, rejects the request; its code is the first one.
    """

    description: str
    codes: tuple[str, ...]
    title: str | None = None


_STATUSES = {
    400: _Status("The request cannot be parsed.", ("malformed_json",), "The body cannot be parsed"),
    401: _Status("The token is missing or invalid.", (Unauthenticated.code,)),
    403: _Status("The caller may not do this.", (ActAsRequired.code, ScopeRequired.code)),
    404: _Status("Not found, or not visible to the caller.", (NotFound.code,), NotFound.title),
    405: _Status("The path does not support this method.", ("method_not_allowed",), "Method not allowed for this path"),
    409: _Status("The request conflicts with the current state.", (Conflict.code,)),
    413: _Status("The body is too large.", ("body_too_large",), "The body is too large"),
    415: _Status(
        "The media type of the body, or of a file in it, is not supported.",
        ("unsupported_media_type",),
        "This content type is not supported",
    ),
    416: _Status("The range starts after the end of the file.", ()),
    422: _Status("A value is invalid.", (Invalid.code,)),
    429: _Status("Too many requests; see Retry-After.", (RateLimited.code,)),
    503: _Status("Temporarily unavailable. Retry with the same key; see Retry-After.", (Unavailable.code,)),
    507: _Status("There is not enough storage for the file.", ()),
}

_ANY_ROUTE = (400, 413, 429, 503)


def problem_responses(*problems: int | type[ChatError]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: the given problems, and those that every route can return.

    Args:
        problems: statuses, which stand for their default codes, and error classes with codes of their own.
    """
    codes: dict[int, list[str]] = {status: [*_STATUSES[status].codes] for status in _ANY_ROUTE}
    # The user of the token, or of X-Act-As, may have been erased.
    for entry in (*problems, *([UserErased] if 401 in problems else [])):
        status, added = (entry, _STATUSES[entry].codes) if isinstance(entry, int) else (entry.status, (entry.code,))
        known = codes.setdefault(status, [])
        known += [code for code in added if code not in known]
    return {status: problem_response(status, codes[status]) for status in sorted(codes)}


def problem_response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """One response in OpenAPI; each code references the shared example of that code."""
    examples = {code: {"$ref": f"#/components/examples/problem_{code}"} for code in codes}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": _STATUSES[status].description, "content": {PROBLEM_JSON: content}}


def problem_examples() -> dict[str, dict[str, Any]]:
    """An example document of every problem, by code. Covers the error classes that have been imported."""
    examples: dict[str, dict[str, Any]] = {}
    for status, entry in _STATUSES.items():
        if entry.title is not None:
            examples[entry.codes[0]] = problem_body(status, entry.codes[0], entry.title)
    classes: list[type[ChatError]] = [ChatError]
    while classes:
        error_class = classes.pop()
        classes += error_class.__subclasses__()
        examples[error_class.code] = problem_body(error_class.status, error_class.code, error_class.title)
    examples[Invalid.code]["errors"] = [{"loc": ["content"], "code": "empty", "message": "has nothing but white space"}]
    examples[RateLimited.code]["retry_after_s"] = examples[Unavailable.code]["retry_after_s"] = 1.2
    return dict(sorted(examples.items()))


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(ChatError, _on_chat_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(Exception, _on_crash)


def field_errors(errors: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Convert Pydantic errors to field errors one by one, without any part of the client's input."""
    for error in errors:
        yield {
            "loc": [safe_name(part) for part in error["loc"] if part != "body"],
            "code": error["type"],
            "message": _MESSAGES.get(error["type"]) or _text_length_message(error) or error["msg"],
        }


def _text_length_message(error: Any) -> str | None:
    """Behind a function validator, Pydantic reports the length of a string in "items"; report characters instead."""
    if error["type"] not in ("too_long", "too_short") or not isinstance(error.get("input"), str):
        return None
    bound = error["ctx"]
    if error["type"] == "too_long":
        return f"should have at most {bound['max_length']} characters"
    return f"should have at least {bound['min_length']} characters"


def safe_name(part: str | int) -> str | int:
    """The name of a field, or `?`: the name of an unknown field is client input too."""
    return part if isinstance(part, int) or _FIELD_NAME.fullmatch(part) else "?"


async def _on_chat_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ChatError)  # noqa: S101  registered for this class only
    return to_response(error)


def to_response(error: ChatError) -> Response:
    """The response to a client-visible error; server-side failures are logged."""
    if error.status >= 500:
        log.warning("request_unavailable", error=type(error.__cause__ or error).__name__)
    return problem_from(error)


async def _on_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this class only
    errors = error.errors()
    if any(entry["loc"][0] == "path" for entry in errors):
        # A malformed id cannot exist: the same response as for an unknown id.
        return problem_from(NotFound())
    if any(entry["type"] == "json_invalid" for entry in errors):
        return problem(400, "malformed_json", "The body is not JSON")
    if any(entry["type"] == "model_attributes_type" and entry["loc"] == ("body",) for entry in errors):
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type != "application/json":
            return problem(415, "unsupported_media_type", "The body must be application/json")
    return problem_from(Invalid(field_errors(errors)))


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this class only
    status, headers = error.status_code, dict(error.headers or {})
    entry = _STATUSES.get(status)
    if entry is None or entry.title is None:
        return problem(status, f"http_{status}", "The request cannot be processed", headers=headers)
    if headers.get("Allow") == "GET":
        headers["Allow"] = "GET, HEAD"
    return problem(status, entry.codes[0], entry.title, headers=headers)


async def _on_crash(request: Request, error: Exception) -> Response:
    response = problem_from(ChatError())
    # The server closes the connection after a crash; tell the client not to reuse it.
    response.headers["Connection"] = "close"
    return response
