"""How fast somebody goes, as this process sees it: a limit that costs a dictionary look-up and no await.

The generic cell rate algorithm (ITU-T I.371): one moment a key, no list of hits.
"""

import time
from collections.abc import Callable

PURGE_AT = 10_000


class GcraLimiter:
    """So many in a window for each key, all of them at once if need be; then evenly.

    Args:
        limit: how many in a window; 0 is no limit.
        window_s: the window, in seconds.
        clock: seconds that never go back.
    """

    def __init__(self, limit: int, window_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_s = window_s / limit if limit else 0.0
        self._slack_s = window_s - self._each_s
        self._clock = clock
        self._due: dict[str, float] = {}
        self._purge_at = PURGE_AT

    def hit(self, key: str) -> float:
        """Count one; 0 where it is within the limit, else the seconds until the next would be (it is not counted)."""
        if not self._each_s:
            return 0.0
        now = self._clock()
        due = max(self._due.get(key, now), now)
        if due - now > self._slack_s:
            return due - now - self._slack_s
        self._due[key] = due + self._each_s
        if len(self._due) >= self._purge_at:
            self._purge(now)
        return 0.0

    def _purge(self, now: float) -> None:
        """Forget who has rested for long enough to begin anew."""
        self._due = {key: due for key, due in self._due.items() if due > now}
        self._purge_at = max(PURGE_AT, 2 * len(self._due))
