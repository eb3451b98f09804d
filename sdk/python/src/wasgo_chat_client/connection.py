"""Keeps one WebSocket to the service open: authenticates, matches answers to requests by `ref`, and reconnects.

It does not interpret frames about conversations.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from wasgo_chat_client.errors import ChatError, ConnectionLost
from wasgo_chat_client.reconnect import ReconnectDecision, reconnect_policy
from wasgo_chat_client.tokens import TokenCache, decode_token

Frame = dict[str, Any]
ConnectionState = Literal["connecting", "open", "waiting", "stopped"]

log = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("wasgo.chat.v1")
MAX_RENEW_AHEAD_S = 60.0


@dataclass(frozen=True)
class ConnectionEvents:
    """Callbacks of a connection."""

    on_open: Callable[[], None]
    """The service has sent `hello`."""

    on_frame: Callable[[Frame], None]
    """A frame that is not an answer to a request."""

    on_disconnect: Callable[[], None]
    """The connection is closed. The outcome of unanswered requests is unknown."""

    on_activity: Callable[[], None]
    """A frame was sent or received."""


class Connection:
    """One WebSocket for any number of conversations."""

    def __init__(self, url: str, tokens: TokenCache, events: ConnectionEvents) -> None:
        self.state: ConnectionState = "waiting"
        self.hello: Frame = {}
        self._url = url
        self._tokens = tokens
        self._events = events
        self._socket: ClientConnection | None = None
        self._token = ""
        self._attempt = 0
        self._refs = itertools.count(1)
        self._pending: dict[str, asyncio.Future[Frame]] = {}

    async def request(self, frame_type: str, **fields: Any) -> Frame:
        """Send a frame and wait for its ack.

        Raises:
            ConnectionLost: no answer came, the outcome is unknown.
            ChatError: the service rejected it.
        """
        socket, ref = self._socket, f"r{next(self._refs)}"
        if socket is None or self.state != "open":
            raise ConnectionLost
        text = json.dumps({"type": frame_type, "ref": ref, **fields})
        max_bytes = self.hello["limits"]["frame_bytes"]
        if len(text.encode()) > max_bytes:
            raise ChatError("frame_too_large", f"the frame is larger than {max_bytes} bytes")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[ref] = answer
        try:
            await socket.send(text)
            self._events.on_activity()
            return await answer
        except ConnectionClosed as error:
            raise ConnectionLost from error
        finally:
            self._pending.pop(ref, None)

    async def send(self, frame_type: str, **fields: Any) -> None:
        """Send a frame that needs no answer. Does nothing while there is no connection."""
        if self._socket is not None and self.state == "open":
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps({"type": frame_type, **fields}))
                self._events.on_activity()

    async def run(self) -> None:
        """Connect, and reconnect until a close code forbids it."""
        code, reason, decision = 0, "", ReconnectDecision("reconnect")
        while True:
            self.state = "connecting"
            if await self._get_token(is_refused=decision.action == "new_token"):
                code, reason = await self._connect()
            decision = reconnect_policy(code, reason, self._attempt)
            self._attempt += 1
            if decision.action == "stop":
                self.state = "stopped"
                return
            self.state = "waiting"
            await asyncio.sleep(decision.seconds)

    async def _get_token(self, *, is_refused: bool) -> bool:
        """Get a token to connect with. Returns False if the application's provider failed."""
        try:
            self._token = await (self._tokens.renew("refused", self._token) if is_refused else self._tokens.get())
        except Exception:
            log.exception("the token provider failed")
            return False
        return True

    async def _connect(self) -> tuple[int, str]:
        """Connect, and receive frames until the connection closes. Returns the close code and reason."""
        protocols = [SUBPROTOCOL, Subprotocol(f"bearer.{self._token}")]
        renewal: asyncio.Task[None] | None = None
        try:
            async with connect(self._url, subprotocols=protocols, max_size=None, compression=None) as socket:
                renewal = asyncio.create_task(self._renew_before_expiry())
                self._socket = socket
                async for text in socket:
                    self._on_frame(json.loads(text))
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        except (OSError, InvalidHandshake, TimeoutError, EOFError):
            return 1006, ""
        finally:
            if renewal is not None:
                renewal.cancel()
            self._disconnect()
        return socket.close_code or 1006, socket.close_reason or ""

    def _on_frame(self, frame: Frame) -> None:
        self._events.on_activity()
        if frame["type"] == "hello":
            self._attempt = 0
            self.hello = frame
            self.state = "open"
            self._events.on_open()
            return
        answer = self._pending.get(frame.get("ref") or "") if frame["type"] in ("ack", "error") else None
        if answer is None:
            self._events.on_frame(frame)
        elif not answer.done():
            if frame["type"] == "ack":
                answer.set_result(frame)
            else:
                error = ChatError(frame["code"], frame["detail"], retry_after_s=frame.get("retry_after_s"))
                answer.set_exception(error)

    def _disconnect(self) -> None:
        self._socket = None
        self.state = "waiting"
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ConnectionLost())
        self._events.on_disconnect()

    async def _renew_before_expiry(self) -> None:
        while True:
            left = decode_token(self._token).expires_at - time.time()
            await asyncio.sleep(max(0.0, left - min(MAX_RENEW_AHEAD_S, left / 5)))
            previous = self._token
            try:
                token = await self._tokens.renew("expiring", previous)
            except Exception:
                log.exception("the token provider failed")
                return  # when the token expires the service closes with 4401, which requests a new one
            if token == previous:
                return
            with contextlib.suppress(ChatError):
                await self.request("refresh_token", token=token)
            self._token = token
