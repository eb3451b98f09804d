"""One socket to the service that is always being kept open: token, greeting, answers by `ref`, reconnecting.

What the frames mean for a conversation is not known here.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import re
import time
from typing import Any, Literal, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from wasgo_chat_client.errors import ChatError, ConnectionLost
from wasgo_chat_client.retrying import backoff
from wasgo_chat_client.tokens import Tokens, read_token

Frame = dict[str, Any]
ConnectionState = Literal["connecting", "open", "waiting", "stopped"]

log = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("wasgo.chat.v1")
MAX_RENEW_AHEAD_S = 60.0
TOO_FAST_S = 60.0
_FOR_GOOD = (4400, 4403, 4404)
_RETRY_AFTER = re.compile(r"retry after ([\d.]+)")


class Listener(Protocol):
    """Who is told what the socket says."""

    def opened(self) -> None:
        """It is open and greeted."""

    def frame(self, frame: Frame) -> None:
        """A frame that answers nothing."""

    def lost(self) -> None:
        """It is gone; what was not answered has an unknown outcome."""

    def spoke(self) -> None:
        """Something was said or heard."""


def seconds_after(code: int, reason: str, attempt: int) -> float | None:
    """How long to wait after a close, by the table of docs/protocol.md; None: do not come back."""
    if code in _FOR_GOOD:
        return None
    if code == 4401 and attempt == 0:
        return 0.0
    said = _RETRY_AFTER.search(reason)
    asked = float(said[1]) if said else TOO_FAST_S if code == 4429 else 0.0
    return asked + backoff(attempt)


class Connection:
    """A socket for many conversations."""

    def __init__(self, url: str, tokens: Tokens, listener: Listener) -> None:
        self.state: ConnectionState = "waiting"
        self.hello: Frame = {}
        self._url = url
        self._tokens = tokens
        self._listener = listener
        self._socket: ClientConnection | None = None
        self._token = ""
        self._attempt = 0
        self._refs = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Frame]] = {}

    async def ask(self, frame_type: str, **fields: Any) -> Frame:
        """Say something and wait for its answer.

        Raises:
            ConnectionLost: none came, the outcome is unknown.
            ChatError: it was refused.
        """
        socket, ref = self._socket, f"r{next(self._refs)}"
        if socket is None or self.state != "open":
            raise ConnectionLost
        text = json.dumps({"type": frame_type, "ref": ref, **fields})
        if len(text.encode()) > self.hello["limits"]["frame_bytes"]:
            raise ChatError("frame_too_large", f"a frame has at most {self.hello['limits']['frame_bytes']} bytes")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[ref] = answer
        try:
            await socket.send(text)
            self._listener.spoke()
            return await answer
        except ConnectionClosed as error:
            raise ConnectionLost from error
        finally:
            self._asked.pop(ref, None)

    async def say(self, frame_type: str, **fields: Any) -> None:
        """Say something that needs no answer; nothing happens while there is no connection."""
        if self._socket is not None and self.state == "open":
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps({"type": frame_type, **fields}))
                self._listener.spoke()

    async def run(self) -> None:
        """Keep it open until the service says for good that it is not wanted."""
        code, reason = 0, ""
        while True:
            self.state = "connecting"
            if await self._has_token(is_refused=code == 4401):
                code, reason = await self._live()
            wait = seconds_after(code, reason, self._attempt)
            self._attempt += 1
            if wait is None:
                self.state = "stopped"
                return
            self.state = "waiting"
            await asyncio.sleep(wait)

    async def _has_token(self, *, is_refused: bool) -> bool:
        """Have a token to connect with. What the application's provider raises is logged, and it is asked again."""
        try:
            self._token = await (self._tokens.renew("refused", self._token) if is_refused else self._tokens.get())
        except Exception:
            log.exception("the token provider failed")
            return False
        return True

    async def _live(self) -> tuple[int, str]:
        """One connection from its handshake to its close code and reason."""
        protocols = [SUBPROTOCOL, Subprotocol(f"bearer.{self._token}")]
        renewal: asyncio.Task[None] | None = None
        try:
            async with connect(self._url, subprotocols=protocols, max_size=None, compression=None) as socket:
                renewal = asyncio.create_task(self._renew_before_expiry())
                self._socket = socket
                async for text in socket:
                    self._hear(json.loads(text))
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        except (OSError, InvalidHandshake, TimeoutError, EOFError):
            return 1006, ""
        finally:
            if renewal is not None:
                renewal.cancel()
            self._drop()
        return socket.close_code or 1006, socket.close_reason or ""

    def _hear(self, frame: Frame) -> None:
        self._listener.spoke()
        if frame["type"] == "hello":
            self._attempt = 0
            self.hello = frame
            self.state = "open"
            self._listener.opened()
            return
        answered = self._asked.get(frame.get("ref") or "") if frame["type"] in ("ack", "error") else None
        if answered is None:
            self._listener.frame(frame)
        elif not answered.done():
            if frame["type"] == "ack":
                answered.set_result(frame)
            else:
                error = ChatError(frame["code"], frame["detail"], retry_after_s=frame.get("retry_after_s"))
                answered.set_exception(error)

    def _drop(self) -> None:
        self._socket = None
        self.state = "waiting"
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(ConnectionLost())
        self._listener.lost()

    async def _renew_before_expiry(self) -> None:
        while True:
            left = read_token(self._token).expires_at - time.time()
            await asyncio.sleep(max(0.0, left - min(MAX_RENEW_AHEAD_S, left / 5)))
            before = self._token
            try:
                token = await self._tokens.renew("expiring", before)
            except Exception:
                log.exception("the token provider failed")
                return  # the service closes with 4401 when it ends, and another is asked for then
            if token == before:
                return
            with contextlib.suppress(ChatError):
                await self.ask("refresh_token", token=token)
            self._token = token
