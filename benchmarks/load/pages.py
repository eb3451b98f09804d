"""Keep-alive HTTP clients on raw transports: the same GET again and again, each answer timed."""

import asyncio
import statistics
import time
from collections import Counter
from typing import Any, cast


class Reader(asyncio.Protocol):
    """One connection that asks again as soon as it was answered."""

    def __init__(self, request: bytes) -> None:
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.size = 0
        self.etag: str | None = None
        self.stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._kept = b""
        self._asked = 0.0
        self._is_stopping = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first page."""
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        """The server must keep the connection."""
        if not self.stopped.done():
            self.stopped.set_exception(ConnectionError("the server closed a keep-alive connection"))

    def data_received(self, data: bytes) -> None:
        """Find the end of the answer."""
        self._kept += data
        head = self._kept.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = self._kept[:head].lower()
        status = int(self._kept[9:12])
        at = headers.find(b"\r\ncontent-length:")
        length = 0 if at < 0 else int(headers[at + 17 :].split(b"\r\n", 1)[0])
        if status != 304 and at < 0:
            raise AssertionError("an answer without Content-Length")
        if len(self._kept) < head + 4 + (0 if status == 304 else length):
            return
        self.seconds.append(time.perf_counter() - self._asked)
        self.statuses[status] += 1
        self.size = len(self._kept)
        at = headers.find(b"\r\netag:")
        if at >= 0:
            self.etag = self._kept[at + 7 :].split(b"\r\n", 1)[0].strip().decode()
        self._kept = b""
        self._ask()

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopping = True

    def _ask(self) -> None:
        assert self._transport is not None
        if self._is_stopping:
            self.stopped.set_result(None)
            self._transport.close()
            return
        self._asked = time.perf_counter()
        self._transport.write(self._request)


async def read_pages(port: int, path: str, headers: dict[str, str], seconds: float, abreast: int) -> dict[str, Any]:
    """The same page on `abreast` connections for some seconds."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    readers = [(await loop.create_connection(lambda: Reader(request), "127.0.0.1", port))[1] for _ in range(abreast)]
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
