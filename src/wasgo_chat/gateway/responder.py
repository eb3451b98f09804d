"""What a client is answered: `ack`, `error`, and the close that follows too many of these."""

from collections.abc import Callable
from typing import Any

import structlog

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.errors import ChatError, RateLimited, Unavailable
from wasgo_chat.gateway.client_frames import MalformedFrame, ack, error_frame
from wasgo_chat.gateway.framing import frame_type
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)


class Responder:
    """Those of one socket.

    Args:
        outbox: of the socket.
        end: closes it soon, with a code and a reason.
        max_bad: malformed or too frequent frames in a row after which it is closed.
        counts: of the worker.
    """

    def __init__(
        self, outbox: SendBuffer, end: Callable[[CloseCode, str], None], max_bad: int, counts: WorkerCounters
    ) -> None:
        self._outbox = outbox
        self._end = end
        self._max_bad = max_bad
        self._counts = counts
        self._bad = 0

    def write(self, data: bytes) -> None:
        """What a client waits for is written or the socket closes: it is never left out in silence."""
        self._counts.frames_out[frame_type(data)] += 1
        if not self._outbox.put(data):
            self._end(CloseCode.TOO_SLOW, "too much is unsent; reconnect with after_seq")

    def done(self, ref: str | None, result: dict[str, Any]) -> None:
        """A frame was performed."""
        self._bad = 0
        if ref is not None:
            self.write(ack(ref, result))

    def malformed(self, frame: MalformedFrame) -> None:
        """What came was no frame."""
        self._refuse(frame.ref, frame.error)
        self._count_bad(CloseCode.MALFORMED, "too many malformed frames")

    def failed(self, ref: str | None, error: BaseException) -> None:
        """A frame was refused, or broke something."""
        if not isinstance(error, ChatError):
            log.error("command_failed", exc_info=error)
            error = ChatError()
        self._refuse(ref, error)
        if isinstance(error, RateLimited):
            self._count_bad(CloseCode.RATE_LIMITED, f"too fast; retry after {error.retry_after_s:g}")
            return
        self._bad = 0
        if isinstance(error, Unavailable):
            self._end(CloseCode.OVERLOADED, "reconnect with after_seq and send again with the same client_id")

    def _refuse(self, ref: str | None, error: ChatError) -> None:
        log.debug("frame_refused", code=error.code)
        self.write(error_frame(ref, error))

    def _count_bad(self, code: CloseCode, reason: str) -> None:
        self._bad += 1
        if self._bad >= self._max_bad:
            self._end(code, reason)
