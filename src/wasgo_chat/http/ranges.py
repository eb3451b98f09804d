"""Byte ranges (RFC 9110, section 14). A single range is served; several or invalid ranges return the whole file."""

import re

from wasgo_chat.core.errors import ChatError

_SINGLE_RANGE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiable(ChatError):
    """The range starts after the end of the file."""

    status, code, title = 416, "range_not_satisfiable", "The range starts after the end of the file"

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size = size

    def headers(self) -> dict[str, str]:
        """`Content-Range` with the actual size."""
        return {"Content-Range": f"bytes */{self._size}"}


def parse_range(header: str | None, size: int, *, if_range: str | None, etag: str) -> tuple[int, int] | None:
    """Start and length of the requested range, or None for the whole file.

    Args:
        header: `Range` of the request.
        size: size of the file in bytes; not 0.
        if_range: `If-Range` of the request; if it differs from `etag`, the range is ignored.
        etag: entity tag of the file.

    Raises:
        RangeNotSatisfiable: the range starts after the end.
    """
    if header is None or (if_range is not None and if_range != etag):
        return None
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
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
