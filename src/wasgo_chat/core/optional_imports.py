"""Blocks imports of modules that libraries use if they are installed, and that the service does not need."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def blocked(*names: str) -> Iterator[None]:
    """Inside the block, importing these modules raises ImportError, unless they are imported already."""
    added = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(added))  # type: ignore[arg-type]  # None blocks an import
    try:
        yield
    finally:
        for name in added:
            del sys.modules[name]
