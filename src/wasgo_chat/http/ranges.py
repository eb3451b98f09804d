"""Byte ranges (RFC 9110, 14): one range is served; several, or none that can be read, get the whole file."""

import re

from wasgo_chat.core.errors import ChatError

_ONE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiable(ChatError):
    """The range begins behind the end of the file."""

    status, code, title = 416, "range_not_satisfiable", "The file ends before this range"

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def headers(self) -> dict[str, str]:
        """What there is instead."""
        return {"Content-Range": f"bytes */{self._size}"}


def parse_range(header: str | None, size: int, *, if_range: str | None, etag: str) -> tuple[int, int] | None:
    """Start and length of what a `Range` asks for, or None for the whole.

    Args:
        header: the request's `Range`.
        size: of the file, in bytes; not 0.
        if_range: the request's `If-Range`: with another tag the file is sent whole.
        etag: the file's tag.

    Raises:
        RangeNotSatisfiable: it begins behind the end.
    """
    if header is None or (if_range is not None and if_range != etag):
        return None
    found = _ONE_RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if first == "":
        length = min(int(last), size)
        if length == 0:
            raise RangeNotSatisfiable(size)
        return size - length, length
    start = int(first)
    if last != "" and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable(size)
    return start, min(int(last or size), size - 1) - start + 1
