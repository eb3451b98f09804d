"""What a program has seen of the service's database, in the service's own word for it.

The word goes back with what is read, so that a standby answers only if it has all of that: "Reading after" in
docs/protocol.md. Where there are no standbys, nothing is said.
"""

import threading
from collections.abc import Callable

import httpx

HEADER = "X-Read-After"


class ReadAfter:
    """The newest word, for all requests of one client; threads may share it."""

    def __init__(self) -> None:
        self._word: str | None = None
        self._turn = 0
        self._lock = threading.Lock()

    def forget(self) -> None:
        """More was said or heard than the word knows of: until there is another, the newest is read."""
        with self._lock:
            self._word = None
            self._turn += 1

    def ask(self, request: httpx.Request) -> Callable[[httpx.Response | None], None]:
        """Make a request ready; what it gives is called with the answer, or with None where none came."""
        is_read = request.method == "GET"
        with self._lock:
            turn, word = self._turn, self._word
        # A request that is sent again may have an older word from the time before.
        request.headers.pop(HEADER, None)
        if is_read and word is not None:
            request.headers[HEADER] = word

        def answered(response: httpx.Response | None) -> None:
            said: str | None = None if response is None else response.headers.get(HEADER)
            with self._lock:
                if is_read and (said is None or said == self._word):
                    return
                # Words cannot be compared: of two asked for at the same time, neither is known to be the newer.
                self._word = said if turn == self._turn else None
                self._turn += 1

        return answered
