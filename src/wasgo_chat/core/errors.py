"""Errors that reach a client: one class per condition, each with a stable `code`.

HTTP responses carry them as problem documents (RFC 9457), sockets as `error` frames. Errors of a single feature are
defined in that feature's package.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, ClassVar

from starlette.responses import Response

from wasgo_chat.core.encoding import encode

PROBLEM_JSON = "application/problem+json"
MAX_FIELD_ERRORS = 20


class ChatError(Exception):
    """Base of all client-visible errors. `status` is the HTTP status, `code` the stable identifier for programs."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "An internal error occurred; it has been logged"

    def __init__(self, detail: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after_s = retry_after_s

    def extras(self) -> dict[str, Any]:
        """Extension members of the problem document."""
        return {} if self.retry_after_s is None else {"retry_after_s": self.retry_after_s}

    def headers(self) -> dict[str, str]:
        """Response headers of the problem (`Retry-After` in whole seconds, rounded up)."""
        return {} if self.retry_after_s is None else {"Retry-After": str(max(1, -int(-self.retry_after_s // 1)))}


class Unauthenticated(ChatError):
    """The token is missing or was not accepted."""

    status, code, title = 401, "unauthenticated", "A valid token is required"

    def headers(self) -> dict[str, str]:
        """`WWW-Authenticate`, as RFC 9110, section 11.6.1 requires for a 401."""
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(ChatError):
    """The caller can see the resource but may not do this."""

    status, code, title = 403, "forbidden", "Your role does not allow this"


class ActAsRequired(Forbidden):
    """A service called a route that acts for a user without naming the user."""

    code, title = "act_as_required", "A service token requires the X-Act-As header here"


class ScopeRequired(Forbidden):
    """The token lacks a scope, or is not a service token."""

    code, title = "scope_required", "A service token with another scope is required"


class NotFound(ChatError):
    """The resource does not exist or is hidden from this caller; the response never reveals which."""

    status, code, title = 404, "not_found", "Not found, or you do not have access to it"


class Conflict(ChatError):
    """The request conflicts with the current state."""

    status, code, title = 409, "conflict", "The request conflicts with the current state"


class LimitReached(Conflict):
    """A limit of the service is reached."""

    code, title = "limit_reached", "The limit for this resource has been reached"


class UserErased(Conflict):
    """The user with this id was erased; the id is never reused.

    Args:
        locations: where the request names them, if it names several users.
    """

    code, title = "user_erased", "The user with this id was erased; the id cannot be used again"

    def __init__(self, locations: Iterable[Sequence[str | int]] = ()) -> None:
        super().__init__()
        self.errors = [
            {"loc": list(loc), "code": self.code, "message": "was erased"}
            for loc in islice(locations, MAX_FIELD_ERRORS)
        ]

    def extras(self) -> dict[str, Any]:
        """The fields with erased users."""
        return {"errors": self.errors} if self.errors else {}


class Invalid(ChatError):
    """A well-formed request with an invalid value; `errors` lists the fields, the first `MAX_FIELD_ERRORS` of them."""

    status, code, title = 422, "invalid", "A value in the request is invalid"

    def __init__(self, errors: Iterable[Mapping[str, Any]], detail: str | None = None) -> None:
        first = [dict(error) for error in islice(errors, MAX_FIELD_ERRORS + 1)]
        self.errors, omitted = first[:MAX_FIELD_ERRORS], first[MAX_FIELD_ERRORS:]
        self.has_more = bool(omitted)
        super().__init__(detail or "; ".join(_summary(error) for error in first[:3]) or None)

    @classmethod
    def field(cls, loc: Sequence[str | int], code: str, message: str) -> "Invalid":
        """An error of one field: its location, a stable code and a message. Never include the value itself."""
        return cls([{"loc": list(loc), "code": code, "message": message}])

    def extras(self) -> dict[str, Any]:
        """The invalid fields, and whether there are more of them."""
        return {"errors": self.errors, "errors_omitted": True} if self.has_more else {"errors": self.errors}


class RateLimited(ChatError):
    """Too many requests; `retry_after_s` says when to retry."""

    status, code, title = 429, "rate_limited", "Too many requests"


class Unavailable(ChatError):
    """The database or another dependency is not responding. The outcome of a write is unknown:
    retry it with the same client_id or Idempotency-Key.
    """

    status, code, title = (
        503,
        "unavailable",
        "The service is temporarily unavailable; retry shortly",
    )

    def __init__(self, detail: str | None = None, *, retry_after_s: float | None = 1.0) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class Overloaded(Unavailable):
    """Too many messages are waiting to be stored. This message was rejected without being stored."""

    status, code, title = 429, "overloaded", "Too many messages are waiting to be stored; retry shortly"


def _summary(error: Mapping[str, Any]) -> str:
    location = ".".join(str(part) for part in error.get("loc", ()))
    return f"{location}: {error.get('message')}" if location else str(error.get("message"))


def problem_body(status: int, code: str, title: str, detail: str | None = None) -> dict[str, Any]:
    """The members that all problem documents (RFC 9457) of the service share."""
    return {
        "type": f"urn:wasgo-chat:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail or title,
        "code": code,
    }


def problem(
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    *,
    extras: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document (RFC 9457) as a response."""
    body = {**problem_body(status, code, title, detail), **(extras or {})}
    return Response(encode(body), status, dict(headers or {}), media_type=PROBLEM_JSON)


def problem_from(error: ChatError) -> Response:
    """The problem document of an error."""
    return problem(error.status, error.code, error.title, error.detail, extras=error.extras(), headers=error.headers())
