"""The position in the service's database that a client has seen.

Requests that read send it back, so that a replica answers only if it has reached that position. See "Reading after" in
docs/protocol.md. Without replicas there is no position.
"""

import threading
from collections.abc import Callable

import httpx

HEADER = "X-Read-After"


class ReadAfter:
    """The position for all requests of one client. Thread-safe."""

    def __init__(self) -> None:
        self._position: str | None = None
        self._version = 0
        self._lock = threading.Lock()

    def invalidate(self) -> None:
        """Discard the position, as the socket has carried changes that it does not cover.

        Until the next one is known, reads go to the primary.
        """
        with self._lock:
            self._position = None
            self._version += 1

    def track(self, request: httpx.Request) -> Callable[[httpx.Response | None], None]:
        """Add the position to a request. Call the returned function with the response, or None if there is none."""
        is_read = request.method == "GET"
        with self._lock:
            version, position = self._version, self._position
        # A repeated request may still have the position of its previous attempt.
        request.headers.pop(HEADER, None)
        if is_read and position is not None:
            request.headers[HEADER] = position

        def on_response(response: httpx.Response | None) -> None:
            received: str | None = None if response is None else response.headers.get(HEADER)
            with self._lock:
                if is_read and (received is None or received == self._position):
                    return
                # Positions are opaque: of two of concurrent requests, neither is known to be the later one.
                self._position = received if version == self._version else None
                self._version += 1

        return on_response
