"""Python's collector of cycles while a program is loaded. Why: docs/decisions/0022-loading.md.

What is loaded stays, and there is more and more of it: the collector goes over all of that again and again, and finds
hardly anything. So it rests until everything is there, and does not look at it later.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def resting() -> Iterator[None]:
    """No collection while the block runs; what exists at its end is never looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
