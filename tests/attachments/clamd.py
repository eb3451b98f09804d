"""A server that speaks clamd's INSTREAM, as its manual describes it, and knows one virus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

VIRUS = b"the virus of the suite"


@dataclass
class Clamd:
    """Its port, the streams it received, and the maximum size of a stream in bytes."""

    address: str = ""
    stream_max: int = 1 << 30
    streams: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        command = await reader.readuntil(b"\n")
        assert command == b"nINSTREAM\n", command
        content = bytearray()
        while size := int.from_bytes(await reader.readexactly(4)):
            content += await reader.readexactly(size)
        self.streams.append(bytes(content))
        if len(content) > self.stream_max:
            answer = b"INSTREAM size limit exceeded. ERROR\n"
        elif VIRUS in content:
            answer = b"stream: Suite.Test.Virus FOUND\n"
        else:
            answer = b"stream: OK\n"
        writer.write(answer)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def clamd() -> AsyncIterator[Clamd]:
    found = Clamd()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        found.address = f"{host}:{port}"
        yield found
