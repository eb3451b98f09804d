"""A ZIP archive written piece by piece to wherever it goes: nothing of it is ever held but the piece at hand.

Nothing here knows what is in it.
"""

import io
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from wasgo_chat.core.encoding import encode


class _Sink(io.RawIOBase):
    """What `zipfile` writes to: a pipe in memory, which cannot seek, so sizes go behind each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """See `io`."""
        return True

    def write(self, data: Any) -> int:
        """See `io`."""
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


class ZipStream:
    """An archive on its way out. `take` after each piece gives the bytes to send."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def take(self) -> bytes:
        """The bytes that are ready."""
        return self._sink.take()

    def close(self) -> bytes:
        """Write the directory; the last bytes."""
        self._zip.close()
        return self._sink.take()

    async def add_list(self, name: str, items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
        """A JSON list, item by item."""
        with self._entry(name, zipfile.ZIP_DEFLATED) as entry:
            lead = b"["
            async for item in items:
                entry.write(lead + b"\n" + encode(item))
                lead = b","
                yield self.take()
            entry.write(b"[]\n" if lead == b"[" else b"\n]\n")
        yield self.take()

    async def add_file(self, name: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """A file as it is: what people upload is mostly compressed already."""
        with self._entry(name, zipfile.ZIP_STORED) as entry:
            async for piece in pieces:
                entry.write(piece)
                yield self.take()
        yield self.take()

    def add(self, name: str, value: Any) -> bytes:
        """A JSON value at once."""
        with self._entry(name, zipfile.ZIP_DEFLATED) as entry:
            entry.write(encode(value) + b"\n")
        return self.take()

    @contextmanager
    def _entry(self, name: str, compression: int) -> Iterator[Any]:
        info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
        info.compress_type = compression
        # Sizes are not known before: room for more than 4 GiB has to be left at once.
        with self._zip.open(info, "w", force_zip64=True) as entry:
            yield entry
