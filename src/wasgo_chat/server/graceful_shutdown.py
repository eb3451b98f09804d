"""uvicorn's server with an end that loses nothing: it drains before it closes, and all within `shutdown_s`.

Left to itself uvicorn closes every socket in the moment of SIGTERM, whatever it is doing. Here a worker first says
that it goes (`/readyz`), then takes no more connections, then lets sockets finish what they do and tells each when
to come back; what is open after that uvicorn ends.
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

from wasgo_chat.core.config import Settings
from wasgo_chat.server.supervisor import HEARTBEAT_S
from wasgo_chat.server.websocket_protocol import ChatWebSocket

log = structlog.get_logger(__name__)

POLL_S = 0.05
LAST_S = 1.0
"""What is left of `shutdown_s` once sockets and requests are done: to part from the servers behind."""


class ChatServer(uvicorn.Server):
    """One worker's server.

    Args:
        config: made by `serving.server_config`.
        app: what it serves; asked for its settings and its hub.
        beat: pipe of the supervisor. With one, only the supervisor hurries this process (by SIGKILL), as a signal
            may come from several sides; without one, the second signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI, *, beat: int | None = None) -> None:
        super().__init__(config)
        self._app = app
        self._settings: Settings = app.state.worker.settings
        self._beat = beat
        self._beating: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """See uvicorn; but a signal that was obeyed is not raised again at the end."""
        before = {signum: signal.getsignal(signum) for signum in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, self.handle_exit)
        signal.signal(signal.SIGINT, self.handle_exit if self._beat is None else signal.SIG_IGN)
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal drains, the second one does not wait for anything."""
        self.force_exit = self.should_exit and self._beat is None
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn; the supervisor hears from us once we take connections."""
        await super().startup(sockets)
        if self._beat is not None:
            self._beating = asyncio.create_task(self._heartbeat(self._beat))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then end as uvicorn does."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.shutdown_s
        last_moment = deadline - min(LAST_S, self._settings.shutdown_s / 2)
        hub = self._app.state.worker.hub
        self._app.state.worker.is_draining = True
        log.info("draining", connections=len(self.server_state.connections))
        await self._wait(lambda: False, min(loop.time() + self._settings.drain_delay_s, last_moment))
        for server in self.servers:
            server.close()
        hub.restart()
        await self._wait(self._wait_for_sockets, last_moment)
        left_s = max(0.0, last_moment - loop.time())
        self.config.timeout_graceful_shutdown = left_s  # type: ignore[assignment]  # it only waits so long
        try:
            async with asyncio.timeout_at(deadline):
                await super().shutdown(sockets)
        except TimeoutError:
            log.warning("ended_without_farewell")
        log.info("drained", in_s=round(loop.time() - deadline + self._settings.shutdown_s, 2))

    async def _wait(self, is_done: Callable[[], bool], until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until and not is_done() and not self.force_exit:  # noqa: ASYNC110  as uvicorn waits
            await asyncio.sleep(POLL_S)

    def _wait_for_sockets(self) -> bool:
        """Whether each socket has been told its close code; the goodbye itself may still be on its way."""
        return all(one.close_sent for one in self.server_state.connections if isinstance(one, ChatWebSocket))

    async def _heartbeat(self, pipe: int) -> None:
        """From within the event loop: one that is blocked does not beat."""
        while True:
            try:
                os.write(pipe, b".")
            except BlockingIOError:
                pass  # a supervisor that is stopped reads nothing
            except OSError:
                os._exit(1)  # it is gone, where the kernel does not tell
            await asyncio.sleep(HEARTBEAT_S)
