"""Writes a ZIP archive as a stream: at any time only the current piece is in memory."""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from wasgo_chat.core.encoding import encode


class _Sink(io.RawIOBase):
    """The output of `zipfile`: a buffer that cannot seek, so sizes are written after each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last call."""
        written, self._pieces = b"".join(self._pieces), []
        return written


class ZipStream:
    """An archive that is being written. Each method returns or yields the bytes to send."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def close(self) -> bytes:
        """Write the central directory."""
        self._zip.close()
        return self._sink.take()

    async def add_list(self, name: str, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        """Add a JSON list, item by item."""
        with self._entry(name, zipfile.ZIP_DEFLATED) as entry:
            separator = b"["
            async for item in items:
                entry.write(separator + b"\n" + encode(item))
                separator = b","
                yield self._sink.take()
            entry.write(b"[]\n" if separator == b"[" else b"\n]\n")
        yield self._sink.take()

    async def add_file(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Add a file without compression: most uploads are compressed already."""
        with self._entry(name, zipfile.ZIP_STORED) as entry:
            async for piece in pieces:
                entry.write(piece)
                yield self._sink.take()
        yield self._sink.take()

    def add(self, name: str, value: Any) -> bytes:
        """Add a JSON value."""
        with self._entry(name, zipfile.ZIP_DEFLATED) as entry:
            entry.write(encode(value) + b"\n")
        return self._sink.take()

    @contextmanager
    def _entry(self, name: str, compression: int) -> Iterator[Any]:
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        info.compress_type = compression
        # The size is not known yet, so the entry is written as ZIP64 (more than 4 GiB).
        with self._zip.open(info, "w", force_zip64=True) as entry:
            yield entry
