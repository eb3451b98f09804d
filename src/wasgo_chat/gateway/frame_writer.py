"""Writes pre-built frames straight to a transport, where the server offers it in the ASGI scope's `extensions`."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

EXTENSION = "wasgo_chat.link"


class FrameProtocol(Protocol):
    """What the writer needs from a WebSocket protocol."""

    transport: Any
    writable: asyncio.Event
    close_sent: bool

    async def receive(self) -> Any:
        """The next ASGI event."""


class FrameWriter:
    """The protocol of one connection, as far as the gateway may touch it.

    `is_writable` says whether the kernel takes what is written, or little enough waits for it; a plain attribute, as it
    is looked at for each frame and socket. `on_writable` is called when what was unsent has mostly left.
    """

    __slots__ = ("_protocol", "is_writable", "on_writable")

    def __init__(self, protocol: FrameProtocol) -> None:
        self._protocol = protocol
        self.is_writable = protocol.writable.is_set()
        self.on_writable: Callable[[], None] = lambda: None

    def limit(self, unsent_bytes: int) -> None:
        """Set where `is_writable` ends; it begins again at a quarter of that. Nothing to set where the peer is gone."""
        transport = self._protocol.transport
        if not transport.is_closing():
            transport.set_write_buffer_limits(unsent_bytes, unsent_bytes // 4)

    def write(self, wire: bytes) -> None:
        """Write whole frames now; never waits, so look at `is_writable` before. Nothing follows a close frame."""
        protocol = self._protocol
        transport = protocol.transport
        if not (protocol.close_sent or transport.is_closing()):
            transport.write(wire)

    async def receive(self) -> Any:
        """The next ASGI event, straight from the protocol."""
        return await self._protocol.receive()
