"""uvicorn's server with a graceful shutdown: it drains before it closes, within `shutdown_s`.

Stock uvicorn closes every WebSocket at SIGTERM, whatever it is doing. This server first reports that it is draining
(`/readyz`), then accepts no more connections, then lets each connection finish its current frame and closes it with a
time to reconnect. uvicorn closes what is still open after that.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Generator
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from wasgo_chat.server.supervisor import HEARTBEAT_S
from wasgo_chat.server.websocket_protocol import ChatWebSocket
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)

POLL_S = 0.05
LAST_S = 1.0
"""The share of `shutdown_s` that is reserved for disconnecting from PostgreSQL and Redis, in seconds."""


class ChatServer(uvicorn.Server):
    """One worker's server.

    Args:
        config: made by `run.server_config`.
        app: the app, whose worker has the settings and the hub.
        heartbeat_pipe: the pipe to the supervisor. With one, only SIGKILL ends the process at once, because a signal
            may arrive from several senders. Without one, a second signal does.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, heartbeat_pipe: int | None = None) -> None:
        super().__init__(config)
        self._app = app
        self._settings: Settings = app.state.worker.settings
        self._heartbeat_pipe = heartbeat_pipe
        self._heartbeats: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """As uvicorn, but a handled signal is not raised again at the end."""
        before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.signal(signal.SIGINT, self.handle_exit if self._heartbeat_pipe is None else signal.SIG_IGN)
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal starts the drain, a second one ends it."""
        self.force_exit = self.should_exit and self._heartbeat_pipe is None
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn; heartbeats start once the server accepts connections."""
        await super().startup(sockets)
        if self._heartbeat_pipe is not None:
            self._heartbeats = asyncio.create_task(self._send_heartbeats(self._heartbeat_pipe))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then shut down as uvicorn does."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.shutdown_s
        drain_deadline = deadline - min(LAST_S, self._settings.shutdown_s / 2)
        hub = self._app.state.worker.hub
        self._app.state.worker.is_draining = True
        log.info("drain_started", connections=len(self.server_state.connections))
        await self._wait(lambda: False, min(loop.time() + self._settings.drain_delay_s, drain_deadline))
        for server in self.servers:
            server.close()
        hub.restart()
        await self._wait(self._has_closed_sockets, drain_deadline)
        left_s = max(0.0, drain_deadline - loop.time())
        self.config.timeout_graceful_shutdown = left_s  # type: ignore[assignment]  # uvicorn only waits for it
        try:
            async with asyncio.timeout_at(deadline):
                await super().shutdown(sockets)
        except TimeoutError:
            log.warning("shutdown_incomplete")
        log.info("drain_finished", in_s=round(loop.time() - deadline + self._settings.shutdown_s, 2))

    async def _wait(self, is_done: Callable[[], bool], until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until and not is_done() and not self.force_exit:  # noqa: ASYNC110  uvicorn polls too
            await asyncio.sleep(POLL_S)

    def _has_closed_sockets(self) -> bool:
        """Whether a close frame was sent on every WebSocket. The replies may still be missing."""
        return all(ws.close_sent for ws in self.server_state.connections if isinstance(ws, ChatWebSocket))

    async def _send_heartbeats(self, pipe: int) -> None:
        """Send heartbeats from the event loop: a blocked loop sends none."""
        while True:
            try:
                os.write(pipe, b".")
            except BlockingIOError:
                pass  # the supervisor is stopped and reads nothing
            except OSError:
                os._exit(1)  # the supervisor is gone, and this platform sends no signal then
            await asyncio.sleep(HEARTBEAT_S)
