"""The errors that this package raises. docs/protocol.md lists the codes."""

import json
from collections.abc import Mapping
from typing import Any


class ChatError(Exception):
    """The service rejected a request, over HTTP or the WebSocket, or did not answer.

    Compare `code`, not the message.
    """

    def __init__(
        self, code: str, detail: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s


class ConnectionLost(ChatError):
    """The connection ended before the answer arrived. The outcome of the request is unknown."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__("connection_lost", f"the connection was lost ({code}); the outcome is unknown")


def error_from_problem(status: int, body: Mapping[str, Any]) -> ChatError:
    """Convert the body of an HTTP error response.

    Bodies that are not problem documents (RFC 9457) get the code `http_<status>`.
    """
    return ChatError(
        str(body.get("code") or f"http_{status}"),
        str(body.get("detail") or f"the service answered {status}"),
        status=status,
        retry_after_s=body.get("retry_after_s"),
    )


def json_object(content: bytes) -> dict[str, Any]:
    """A JSON object, or an empty one if `content` is anything else."""
    try:
        body = json.loads(content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
