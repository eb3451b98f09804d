"""The frames that a client waits for: `ack`, `error`, and the close after too many refused frames."""

from collections.abc import Callable
from typing import Any

import structlog

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import ChatError, RateLimited, Unavailable
from wasgo_chat.gateway.frames.framing import frame_type
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)


class Responder:
    """The responses of one connection.

    Args:
        buffer: the send buffer of the connection.
        on_end: closes the connection after the current frame, with a close code and a reason.
        max_bad_frames: malformed or rate-limited frames in a row after which the connection is closed.
        count_refused: counts a refused frame of the user; returns the seconds to wait if there were too many, else 0.
        counts: the counters of the worker.
    """

    def __init__(
        self,
        buffer: SendBuffer,
        on_end: Callable[[CloseCode, str], None],
        max_bad_frames: int,
        count_refused: Callable[[], float],
        counts: WorkerCounters,
    ) -> None:
        self._buffer = buffer
        self._on_end = on_end
        self._max_bad_frames = max_bad_frames
        self._count_refused = count_refused
        self._counts = counts
        self._bad_frames = 0

    def write(self, data: bytes) -> None:
        """Write a frame, or close the connection if the buffer takes no more. Such a frame is never dropped."""
        self._counts.frames_out[frame_type(data)] += 1
        if not self._buffer.put(data):
            self._on_end(CloseCode.TOO_SLOW, "too many unsent bytes; reconnect with after_seq")

    def acknowledge(self, ref: str | None, result: dict[str, Any]) -> None:
        """A frame was executed: send an `ack` if it has a `ref`."""
        self._bad_frames = 0
        if ref is not None:
            self.write(encode({"type": "ack", "ref": ref, **result}))

    def refuse_malformed(self, ref: str | None, error: ChatError) -> None:
        """A frame could not be parsed: send an `error`."""
        self._counts.frames_in["malformed"] += 1
        self._refuse(ref, error)
        self._end_if_too_many()
        self._count_bad(CloseCode.MALFORMED, "too many malformed frames")

    def refuse(self, ref: str | None, error: BaseException) -> None:
        """A frame was refused, or failed because of a bug: send an `error`."""
        if not isinstance(error, ChatError):
            log.error("command_failed", exc_info=error)
            error = ChatError()
        self._refuse(ref, error)
        if not isinstance(error, Unavailable) and error.status < 500:  # the service has not caused it
            self._end_if_too_many()
        if isinstance(error, RateLimited):
            self._count_bad(CloseCode.RATE_LIMITED, f"too fast; retry after {error.retry_after_s:g}")
            return
        self._bad_frames = 0
        # `Overloaded` is a kind of `Unavailable`, though its HTTP status is 429: its sends are to be repeated too, and
        # the frames that follow it in the pipeline fail as well. A new connection starts a new pipeline.
        if isinstance(error, Unavailable):
            self._on_end(CloseCode.OVERLOADED, "reconnect with after_seq and resend with the same client_id")

    def _refuse(self, ref: str | None, error: ChatError) -> None:
        log.debug("frame_refused", code=error.code)
        frame = {"type": "error", "ref": ref, "code": error.code, "detail": error.detail, **error.extras()}
        self.write(encode(frame))

    def _end_if_too_many(self) -> None:
        """Close the connection of a user who sends too many refused frames, also if there are good ones in between."""
        if wait_s := self._count_refused():
            self._on_end(CloseCode.RATE_LIMITED, f"too many refused frames; retry after {wait_s:.1f}")

    def _count_bad(self, code: CloseCode, reason: str) -> None:
        self._bad_frames += 1
        if self._bad_frames >= self._max_bad_frames:
            self._on_end(code, reason)
