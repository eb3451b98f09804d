"""Tuning of Python's cyclic garbage collector: paused during imports, infrequent while serving.

Reasons and measurements: docs/decisions/0024-the-collector.md.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause collection inside the block; objects that exist at its end are frozen and never scanned again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


GC_THRESHOLD = 25_000
"""Threshold of generation 0, instead of 700. It exceeds the number of containers in a batch of messages."""


def freeze_startup_objects() -> None:
    """Call before serving: freeze the objects created at start-up and raise the collection threshold."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
