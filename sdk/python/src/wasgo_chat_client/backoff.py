"""Exponential backoff with jitter, for reconnects and repeated requests."""

import random

INITIAL_S = 0.5
MAX_S = 20.0


def backoff(attempt: int) -> float:
    """Seconds before attempt number `attempt` (from 0): doubles up to 20, less up to half at random."""
    return min(MAX_S, INITIAL_S * 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311  no secret
