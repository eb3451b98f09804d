"""In-process rate limiter: the generic cell rate algorithm (ITU-T I.371).

It stores one timestamp per key and costs a dictionary lookup, without awaiting.
"""

import time
from collections.abc import Callable

PURGE_AT = 10_000


class GcraLimiter:
    """Allows `limit` hits per key and window. They may come in one burst; after that, evenly spaced.

    Args:
        limit: hits per window; 0 disables the limit.
        window_s: length of the window in seconds.
        clock: monotonic clock in seconds.
    """

    def __init__(self, limit: int, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = window_s / limit if limit else 0.0
        self._burst_s = window_s - self._interval_s
        self._clock = clock
        self._due: dict[str, float] = {}
        self._purge_at = PURGE_AT

    def hit(self, key: str, cost: float = 1.0) -> float:
        """Count a hit, which costs as much as `cost` ordinary ones. The last hit of a burst may exceed the limit.

        Returns:
            0 if it is within the limit, else the seconds to wait; a rejected hit does not count.
        """
        if not self._interval_s:
            return 0.0
        now = self._clock()
        due = max(self._due.get(key, now), now)
        if due - now > self._burst_s:
            return due - now - self._burst_s
        self._due[key] = due + self._interval_s * cost
        if len(self._due) >= self._purge_at:
            self._purge(now)
        return 0.0

    def _purge(self, now: float) -> None:
        """Drop the keys that have their full burst available again."""
        self._due = {key: due for key, due in self._due.items() if due > now}
        self._purge_at = max(PURGE_AT, 2 * len(self._due))
