"""Writes encoded frames directly to the transport, if the server offers it as an extension of the ASGI scope."""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

EXTENSION = "wasgo_chat.link"


class FrameProtocol(Protocol):
    """What the writer needs of a WebSocket protocol."""

    transport: Any
    writable: asyncio.Event
    close_sent: bool

    async def receive(self) -> Any:
        """The next ASGI event."""


class FrameWriter:
    """The transport of one connection, as far as the gateway may use it.

    `is_writable` is False while too many bytes are unsent. It is a plain attribute because it is read for each frame
    and connection. `on_writable` is called when most of them have been sent.
    """

    __slots__ = ("_protocol", "is_writable", "on_writable")

    def __init__(self, protocol: FrameProtocol) -> None:
        self._protocol = protocol
        self.is_writable = protocol.writable.is_set()
        self.on_writable: Callable[[], None] = lambda: None

    def set_limit(self, unsent_bytes: int) -> None:
        """Set the unsent bytes at which `is_writable` ends; it resumes at a quarter. No effect if the peer is gone."""
        transport = self._protocol.transport
        if not transport.is_closing():
            transport.set_write_buffer_limits(unsent_bytes, unsent_bytes // 4)

    def write(self, wire: bytes) -> None:
        """Write encoded frames without waiting; check `is_writable` before. Nothing is written after a close frame."""
        protocol = self._protocol
        transport = protocol.transport
        if not (protocol.close_sent or transport.is_closing()):
            transport.write(wire)

    async def receive(self) -> Any:
        """The next ASGI event, directly from the protocol."""
        return await self._protocol.receive()
