"""One WebSocket connection, from `hello` to close: its life cycle and I/O. `Session` holds its actor and subscriptions.

A close that is requested anywhere lets the current frame finish first.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.errors import ChatError, NotFound
from wasgo_chat.gateway.context import GatewayContext
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed, SentState
from wasgo_chat.gateway.delivery.subscription import ResumePoint
from wasgo_chat.gateway.frames.frame_writer import EXTENSION, FrameWriter
from wasgo_chat.gateway.receiver import FrameReceiver
from wasgo_chat.gateway.responder import Responder
from wasgo_chat.gateway.send_buffer import QueueBuffer, SendBuffer, TransportBuffer
from wasgo_chat.gateway.session import Session
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.lookups import PendingJoin

log = structlog.get_logger(__name__)

FLUSH_S = 1.0
MAX_REASON_BYTES = 120
"""RFC 6455, 5.5: the payload of a close frame is at most 125 bytes, two of them the code."""


class Connection:
    """An accepted connection.

    Args:
        ws: the connection.
        actor: who is connected.
        context: the worker.
        conversation_id: the conversation of a connection of one conversation; None on one for many.
        feed: the notification feed, on a notification connection.
        on_open: called when the connection is open, or has failed to open.
    """

    def __init__(
        self,
        ws: WebSocket,
        actor: Actor,
        context: GatewayContext,
        *,
        conversation_id: UUID | None = None,
        feed: NotificationFeed | None = None,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        self._ws = ws
        self._context = context
        self._hub = context.hub
        self._feed = feed
        self._feed_state: SentState | None = None
        self._on_open = on_open
        self._closing: tuple[CloseCode, str] | None = None
        settings = context.settings
        writer: FrameWriter | None = ws.scope.get("extensions", {}).get(EXTENSION)
        self._buffer: SendBuffer = (
            QueueBuffer(self._send_text, settings.send_buffer_bytes, self._on_drained)
            if writer is None
            else TransportBuffer(writer, settings.send_buffer_bytes, self._on_drained)
        )
        count_refused = partial(context.rate_limits.count_refused_frame, actor.require_user())
        responder = Responder(self._buffer, self.end, settings.max_bad_frames, count_refused, self._hub.counts)
        self._session = Session(
            actor,
            context,
            buffer=self._buffer,
            responder=responder,
            on_end=self.end,
            fixed_conversation=conversation_id,
        )
        receive = ws.receive if writer is None else writer.receive
        self._receiver = FrameReceiver(receive, self._session, responder, context.commands)

    def end(self, code: CloseCode, reason: str) -> None:
        """Close the connection after the current frame, which is finished and answered. The first code counts."""
        if self._closing is None:
            self._closing = (code, reason)
            self._receiver.stop()

    async def run(self, resume: ResumePoint | None, join: PendingJoin | None = None) -> None:
        """Serve the connection until either side closes it.

        Args:
            resume: on a connection of one conversation, replay the log from this point.
            join: the user's membership in that conversation, loaded with the token.
        """
        session, hub = self._session, self._hub
        if not hub.register(session):
            hub.counts.refusals["sockets_of_user"] += 1
            limit = self._context.settings.max_sockets_per_user
            await self._close(CloseCode.RATE_LIMITED, f"at most {limit} connections per user; retry after 60")
            return
        if hub.is_restarting:
            self.end(CloseCode.RESTARTING, hub.restart_reason())
        writing = self._buffer.run()
        try:
            if self._closing is None:
                await self._open(resume, join)
            self._on_open()
            if self._closing is None:
                tasks = [self._receiver.start(), *([writing] if writing is not None else [])]
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                self._log_crash(done)
        finally:
            session.typing.stop()
            if self._feed is not None and self._feed_state is not None:
                self._feed.remove(self._feed_state)
            hub.unregister(session, tuple(session.subscriptions.values()))
            self._receiver.stop()
            await self._receiver.wait_ended()
            hub.unregister(session, tuple(session.subscriptions.values()))  # the current frame may have subscribed
            if self._closing is not None and (writing is None or not writing.done()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_S):
                        await self._buffer.wait_drained()
            self._buffer.discard()
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
        if self._closing is not None:
            log.debug("socket_closing", code=int(self._closing[0]), reason=self._closing[1])
            await self._close(*self._closing)

    async def _open(self, resume: ResumePoint | None, join: PendingJoin | None) -> None:
        session = self._session
        try:
            if join is not None and join.is_found and join.membership is None:
                raise NotFound
            if session.fixed_conversation is not None:
                membership = join.membership if join is not None else None
                await session.subscribe(session.fixed_conversation, resume, membership)
                return
            session.greet("hello", {"epoch": await self._hub.epoch()})
            if self._feed is not None:
                self._feed_state = self._feed.add(session)
                await self._feed.sync(self._feed_state)
        except NotFound:
            self.end(CloseCode.NOT_FOUND, "no such conversation")
        except ChatError as error:
            log.warning("socket_open_failed", error=error.code)
            self.end(CloseCode.OVERLOADED, "reconnect with after_seq")

    def _on_drained(self) -> None:
        self._session.catch_up()

    async def _send_text(self, data: bytes) -> None:
        await self._ws.send({"type": "websocket.send", "text": data.decode()})

    async def _close(self, code: CloseCode, reason: str) -> None:
        """Send the close frame. A peer that is gone or does not read must not block."""
        self._hub.counts.socket_closes[str(int(code))] += 1
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(FLUSH_S):
                await self._ws.close(int(code), reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore"))

    def _log_crash(self, done: set[asyncio.Task[None]]) -> None:
        for task in done:
            if task.cancelled() or (error := task.exception()) is None:
                continue
            if not isinstance(error, WebSocketDisconnect | OSError):
                log.error("socket_failed", exc_info=error)
                self.end(CloseCode.OVERLOADED, "reconnect with after_seq")
