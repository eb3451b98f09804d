"""What can go wrong, as seen by whoever calls the client. The codes are those of docs/protocol.md."""

from collections.abc import Mapping
from typing import Any


class ChatError(Exception):
    """A refusal by the service, by HTTP or by socket. `code` is what programs compare."""

    def __init__(
        self, code: str, detail: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status
        self.retry_after_s = retry_after_s


class ConnectionLost(ChatError):
    """The connection ended before an answer came: the outcome is unknown."""

    def __init__(self, code: int = 1006) -> None:
        super().__init__("connection_lost", f"the connection was lost ({code}); the outcome is unknown")


def problem(status: int, body: Mapping[str, Any]) -> ChatError:
    """The error of a problem document (RFC 9457), or of whatever stood in its place."""
    return ChatError(
        str(body.get("code") or f"http_{status}"),
        str(body.get("detail") or f"the service answered {status}"),
        status=status,
        retry_after_s=body.get("retry_after_s"),
    )
