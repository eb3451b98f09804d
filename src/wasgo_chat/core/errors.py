"""Errors that reach a client: one class a fact, one stable `code` each, shown as RFC 9457 problems.

The same errors leave by HTTP (`application/problem+json`) and by socket (`error` frames).
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from starlette.responses import Response

from wasgo_chat.core.encoding import encode

PROBLEM_JSON = "application/problem+json"


class ChatError(Exception):
    """Base of every error with an answer. `status` is its HTTP status, `code` what programs compare."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong here; it has been logged"

    def __init__(self, detail: str | None = None, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after_s = retry_after_s

    def extras(self) -> dict[str, Any]:
        """Further members of the problem."""
        return {} if self.retry_after_s is None else {"retry_after_s": self.retry_after_s}

    def headers(self) -> dict[str, str]:
        """Headers that go with the problem (`Retry-After` in whole seconds, rounded up)."""
        return {} if self.retry_after_s is None else {"Retry-After": str(max(1, -int(-self.retry_after_s // 1)))}


class Unauthenticated(ChatError):
    """No token, or one that is not accepted."""

    status, code, title = 401, "unauthenticated", "A valid token is needed"

    def headers(self) -> dict[str, str]:
        """RFC 9110, 11.6.1: a 401 names the scheme."""
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(ChatError):
    """The caller sees the thing but may not do this to it."""

    status, code, title = 403, "forbidden", "Your role does not allow this"


class ActAsRequired(Forbidden):
    """A service called a route that acts for a user, without saying for whom."""

    code, title = "act_as_required", "A service token needs the header X-Act-As here"


class ScopeRequired(Forbidden):
    """The token lacks a scope, or is no service token at all."""

    code, title = "scope_required", "A service token with another scope is needed"


class DirectConversation(Forbidden):
    """In a direct conversation nobody adds, removes, promotes or closes."""

    code, title = "direct_conversation", "A direct conversation has exactly its two participants"


class LastAdmin(Forbidden):
    """The last admin can neither leave nor step down."""

    code, title = "last_admin", "The last admin cannot leave; make somebody else admin first"


class NotFound(ChatError):
    """It does not exist, or not for this caller; the two are never told apart."""

    status, code, title = 404, "not_found", "There is no such thing, or not for you"


class Conflict(ChatError):
    """The request contradicts the present state."""

    status, code, title = 409, "conflict", "The request contradicts the present state"


class ConversationClosed(Conflict):
    """A closed conversation can be read, not written."""

    code, title = "conversation_closed", "The conversation is closed"


class MessageDeletedError(Conflict):
    """A tombstone cannot be edited or reacted to."""

    code, title = "message_deleted", "The message was deleted"


class IdempotencyConflict(Conflict):
    """The same key or client_id came before with another body."""

    code, title = "idempotency_conflict", "This key was used before with another request"


class LimitReached(Conflict):
    """A limit of the service is reached."""

    code, title = "limit_reached", "A limit is reached"


class UserErased(Conflict):
    """Whoever had this id was erased; it is not used again."""

    code, title = "user_erased", "The user with this id was erased, and the id is not used again"


class Invalid(ChatError):
    """A well-formed request with a value that is not acceptable; `errors` says where."""

    status, code, title = 422, "invalid", "A value in the request is not acceptable"

    def __init__(self, errors: Sequence[Mapping[str, Any]], detail: str | None = None) -> None:
        super().__init__(detail or "; ".join(_sentence(error) for error in errors[:3]) or None)
        self.errors = [dict(error) for error in errors]

    @classmethod
    def field(cls, loc: Sequence[str | int], code: str, message: str) -> "Invalid":
        """One wrong field: where, a stable code, a sentence. Never the value itself."""
        return cls([{"loc": list(loc), "code": code, "message": message}])

    def extras(self) -> dict[str, Any]:
        """The list of wrong fields."""
        return {"errors": self.errors}


class RateLimited(ChatError):
    """Too many requests; `retry_after_s` says when to come back."""

    status, code, title = 429, "rate_limited", "Too many requests"


class Unavailable(ChatError):
    """The database (or what else is needed) does not answer now. The outcome of a write is unknown:
    send it again with the same client_id or Idempotency-Key.
    """

    status, code, title = 503, "unavailable", "The service cannot do this now; try again with the same key"

    def __init__(self, detail: str | None = None, *, retry_after_s: float | None = 1.0) -> None:
        super().__init__(detail, retry_after_s=retry_after_s)


class Overloaded(Unavailable):
    """Too much waits already: the service takes nothing on that it could not keep. Nothing was done."""

    status, code, title = 429, "overloaded", "Too many messages wait to be stored; try again soon"


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in error.get("loc", ()))
    return f"{where}: {error.get('message')}" if where else str(error.get("message"))


def problem_body(status: int, code: str, title: str, detail: str | None = None) -> dict[str, Any]:
    """The members that every RFC 9457 problem document of ours has."""
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
    """An RFC 9457 problem document as a response."""
    body = {**problem_body(status, code, title, detail), **(extras or {})}
    return Response(encode(body), status, dict(headers or {}), media_type=PROBLEM_JSON)


def problem_from(error: ChatError) -> Response:
    """The problem document of one of our own errors."""
    return problem(error.status, error.code, error.title, error.detail, extras=error.extras(), headers=error.headers())
