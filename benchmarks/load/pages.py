"""Keep-alive HTTP clients on raw transports that repeat one GET request and time each response."""

import asyncio
import statistics
import time
from collections import Counter
from typing import Any, cast


class Reader(asyncio.Protocol):
    """A connection that sends the next request as soon as it has a response."""

    def __init__(self, request: bytes) -> None:
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.size = 0
        self.etag: str | None = None
        self.stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._buffer = b""
        self._requested_at = 0.0
        self._is_stopping = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._request_page()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail: the server must keep the connection open."""
        if not self.stopped.done():
            self.stopped.set_exception(ConnectionError("the server closed a keep-alive connection"))

    def data_received(self, data: bytes) -> None:
        """Parse a response."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = self._buffer[:head].lower()
        status = int(self._buffer[9:12])
        position = headers.find(b"\r\ncontent-length:")
        length = 0 if position < 0 else int(headers[position + 17 :].split(b"\r\n", 1)[0])
        if status != 304 and position < 0:
            raise AssertionError("a response without Content-Length")
        if len(self._buffer) < head + 4 + (0 if status == 304 else length):
            return
        self.seconds.append(time.perf_counter() - self._requested_at)
        self.statuses[status] += 1
        self.size = len(self._buffer)
        position = headers.find(b"\r\netag:")
        if position >= 0:
            self.etag = self._buffer[position + 7 :].split(b"\r\n", 1)[0].strip().decode()
        self._buffer = b""
        self._request_page()

    def stop(self) -> None:
        """Stop after the current response."""
        self._is_stopping = True

    def _request_page(self) -> None:
        assert self._transport is not None
        if self._is_stopping:
            self.stopped.set_result(None)
            self._transport.close()
            return
        self._requested_at = time.perf_counter()
        self._transport.write(self._request)


async def read_pages(port: int, path: str, headers: dict[str, str], seconds: float, concurrency: int) -> dict[str, Any]:
    """Request the same page on `concurrency` connections for some seconds."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    readers = [
        (await loop.create_connection(lambda: Reader(request), "127.0.0.1", port))[1] for _ in range(concurrency)
    ]
    await asyncio.sleep(seconds)
    for reader in readers:
        reader.stop()
    await asyncio.wait_for(asyncio.gather(*(reader.stopped for reader in readers)), 30)
    took = time.perf_counter() - started
    times = sorted(second for reader in readers for second in reader.seconds)
    cuts = statistics.quantiles(times, n=20) if len(times) > 1 else [0.0] * 19
    return {
        "pages": len(times),
        "seconds": took,
        "p50_ms": cuts[9] * 1000,
        "p95_ms": cuts[18] * 1000,
        "statuses": {str(key): value for key, value in sum((r.statuses for r in readers), Counter[int]()).items()},
        "bytes": readers[0].size,
        "etag": readers[0].etag,
    }
