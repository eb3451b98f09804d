"""uvicorn's sans-io WebSocket, with an end to connections whose peer does not read.

Stock uvicorn closes such a transport by waiting for a flush that never comes; the connection would stay for as
long as the peer likes. The extension that writes pre-built frames finds its place here.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

FLUSH_S = 5.0


class ChatWebSocket(WebSocketsSansIOProtocol):
    """Stock but for its end: a few seconds after the handler has returned the connection is gone."""

    def on_task_complete(self, task: "asyncio.Task[None]") -> None:
        """The handler has returned: what is not flushed soon never will be."""
        super().on_task_complete(task)
        self.loop.call_later(FLUSH_S, self.transport.abort)
