"""A TCP proxy between the service and a server, which can redirect, swallow or cut connections."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

Target = Path | int


class Proxy:
    """Listens on a loopback port. `target` is a port or a unix socket; new connections go where it points.

    While `is_blackhole`, connections are accepted and kept open, but no byte passes and no error is reported.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.port = 0
        self._through = asyncio.Event()
        self._through.set()
        self._answers = asyncio.Event()
        self._answers.set()
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def ws_url(self) -> str:
        """The base URL for sockets to a worker behind it."""
        return f"ws://127.0.0.1:{self.port}"

    def hold_responses(self) -> None:
        """Hold back the responses of the server; requests still pass."""
        self._answers.clear()

    @property
    def is_blackhole(self) -> bool:
        return not self._through.is_set()

    @is_blackhole.setter
    def is_blackhole(self, is_void: bool) -> None:
        if is_void:
            self._through.clear()
        else:
            self._through.set()

    def disconnect(self) -> None:
        """Abort every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            await self._through.wait()
            if isinstance(self.target, Path):
                upstream, to_upstream = await asyncio.open_unix_connection(self.target)
            else:
                upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(to_upstream)
            await asyncio.gather(self._pump(reader, to_upstream), self._pump(upstream, writer, self._answers))
            self._writers.discard(to_upstream)
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event | None = None
    ) -> None:
        try:
            while data := await reader.read(65536):
                await self._through.wait()
                if gate is not None:
                    await gate.wait()
                writer.write(data)
                await writer.drain()
        finally:
            writer.transport.abort()


AnyProxy = TypeVar("AnyProxy", bound=Proxy)


@asynccontextmanager
async def proxy_to(target: Target) -> AsyncIterator[Proxy]:
    async with listening(Proxy(target)) as proxy:
        yield proxy


@asynccontextmanager
async def listening(proxy: AnyProxy) -> AsyncIterator[AnyProxy]:
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(proxy.serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.disconnect()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
