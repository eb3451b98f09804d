"""Python's collector of cycles (gc): at rest while a program is loaded, seldom while it serves.

Why, and what it was worth: docs/decisions/0024-the-collector.md.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """No collection while the block runs; what exists at its end is never looked at again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


GC_THRESHOLD = 25_000
"""So many more containers than before make a collection due, instead of 700: more than a batch of messages holds."""


def freeze_startup_objects() -> None:
    """Before serving: what start-up made stays and is never looked at again, and what is new is looked at seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
