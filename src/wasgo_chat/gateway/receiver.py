"""Reads a socket's frames one by one, and has each performed before the next.

Messages alone do not wait for each other: they go to the group commit in their order, which keeps it, and are answered
as they are stored.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import structlog

from wasgo_chat.core.errors import Invalid
from wasgo_chat.gateway import commands
from wasgo_chat.gateway.client_frames import MalformedFrame, SendMessageFrame, parse
from wasgo_chat.gateway.inflight import InflightSends
from wasgo_chat.gateway.responder import Responder
from wasgo_chat.messages.verbs import SendResult
from wasgo_chat.telemetry import tracing

if TYPE_CHECKING:
    from wasgo_chat.gateway.connection import Connection

log = structlog.get_logger(__name__)

Receive = Callable[[], Awaitable[Any]]


class FrameReceiver:
    """The way in of one socket.

    Args:
        socket: whose frames these are.
        receive: gives the next ASGI message.
        answers: where a frame's result goes.
    """

    def __init__(self, socket: "Connection", receive: Receive, answers: Responder) -> None:
        self.inflight = InflightSends(self._sent)
        self._socket = socket
        self._receive = receive
        self._answers = answers
        self._task: asyncio.Task[None] | None = None
        self._is_receiving = False

    def start(self) -> asyncio.Task[None]:
        """Read from now on; the task ends as the client leaves or the socket is closing."""
        self._task = asyncio.create_task(self._read())
        return self._task

    def stop(self) -> None:
        """Wait for no further frame."""
        # One in hand is finished: cut off within its commit, it would be told a second late.
        if self._task is not None and self._is_receiving:
            self._task.cancel()

    async def ended(self) -> None:
        """Wait for the frame in hand and the messages on their way."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.inflight.wait_for_all()

    async def _read(self) -> None:
        while not self._socket.is_closing:
            self._is_receiving = True
            try:
                message = await self._receive()
            finally:
                self._is_receiving = False
            if message["type"] == "websocket.disconnect":
                return
            if tracing.tracer is None:
                await self._handle(message.get("text"))
                continue
            with tracing.tracer.span("frame", "server"):
                await self._handle(message.get("text"))

    async def _handle(self, text: str | None) -> None:
        """One frame to its answer. Nothing a client sends gets past here as an exception."""
        socket = self._socket
        ref: str | None = None
        try:
            if text is None:
                raise MalformedFrame(None, Invalid.field([], "binary", "send text frames"))
            frame = parse(text)
            ref = frame.ref
            socket.hub.counts.frames_in[frame.type] += 1
            if tracing.tracer is not None:
                tracing.tracer.rename(f"frame {frame.type}")
            log.debug("frame", type=frame.type, about=frame.conversation_id or socket.fixed_conversation)
            if isinstance(frame, SendMessageFrame):
                await self.inflight.wait_for_capacity()
                self.inflight.add(ref, await commands.send(socket, frame))
                return
            socket.rates.count_frame(socket.user_id)  # messages have a limit of their own
            await self.inflight.wait_for_all()  # answers keep the order of what was asked
            result = await commands.execute(socket, frame)
        except MalformedFrame as malformed:
            socket.hub.counts.frames_in["malformed"] += 1
            self._answers.malformed(malformed)
        except Exception as error:
            self._answers.failed(ref, error)
        else:
            self._answers.done(ref, result)

    def _sent(self, ref: str | None, outcome: SendResult | BaseException) -> None:
        if isinstance(outcome, SendResult):
            self._answers.done(ref, commands.send_ack(outcome))
        else:
            self._answers.failed(ref, outcome)
