"""Reads the frames of one connection, and executes each before it reads the next.

Only sends are pipelined: they enter the group commit in their order, which it keeps, and are answered as each is
stored.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from wasgo_chat.core.errors import Invalid
from wasgo_chat.gateway.command_registry import CommandRegistry, MalformedFrame, PipelinedCommand
from wasgo_chat.gateway.commands import send_ack
from wasgo_chat.gateway.inflight import InflightSends
from wasgo_chat.gateway.responder import Responder
from wasgo_chat.gateway.session import Session
from wasgo_chat.messages.operations import SendResult
from wasgo_chat.telemetry import tracing

log = structlog.get_logger(__name__)

TURN_S = 0.001
"""How long frames that are already there are executed before other connections have their turn."""

Receive = Callable[[], Awaitable[Any]]


class FrameReceiver:
    """The receiving side of one connection.

    Args:
        receive: returns the next ASGI message.
        session: executes the frames.
        responder: sends the results.
        commands: the commands of the worker.
    """

    def __init__(self, receive: Receive, session: Session, responder: Responder, commands: CommandRegistry) -> None:
        self._receive = receive
        self._session = session
        self._responder = responder
        self._commands = commands
        self._inflight = InflightSends(self._on_outcome)
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._is_receiving = False

    def start(self) -> asyncio.Task[None]:
        """Start reading. The task ends when the client disconnects, or after `stop`."""
        self._task = asyncio.create_task(self._read())
        return self._task

    def stop(self) -> None:
        """Read no further frame. The current one is finished."""
        self._is_stopped = True
        # While a frame is executed it is not cancelled: that could hit its commit, which would then be published late.
        if self._task is not None and self._is_receiving:
            self._task.cancel()

    async def wait_ended(self) -> None:
        """Wait for the current frame and for the sends in flight."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self._inflight.wait_for_all()

    async def _read(self) -> None:
        turn_ends = time.perf_counter() + TURN_S
        while not self._is_stopped:
            self._is_receiving = True
            try:
                message = await self._receive()
            finally:
                self._is_receiving = False
            if message["type"] == "websocket.disconnect":
                return
            if tracing.tracer is None:
                await self._handle(message.get("text"))
            else:
                with tracing.tracer.span("frame", "server"):
                    await self._handle(message.get("text"))
            # Neither a frame that waits already nor one that is refused suspends this task.
            if time.perf_counter() >= turn_ends:
                await asyncio.sleep(0)
                turn_ends = time.perf_counter() + TURN_S

    async def _handle(self, text: str | None) -> None:
        """Execute one frame and respond. Nothing that a client sends raises an exception here."""
        session = self._session
        ref: str | None = None
        try:
            if text is None:
                raise MalformedFrame(None, Invalid.field([], "binary", "send text frames"))
            frame = self._commands.parse(text)
            ref = frame.ref
            frame_type, command = self._commands.command_of(frame)
            session.context.hub.counts.frames_in[frame_type] += 1
            if tracing.tracer is not None:
                tracing.tracer.rename(f"frame {frame_type}")
            log.debug("frame_received", type=frame_type, about=frame.conversation_id or session.fixed_conversation)
            if isinstance(command, PipelinedCommand):
                await self._inflight.wait_for_capacity()
                self._inflight.add(ref, await command.start(session, frame, self._inflight))
                return
            session.context.rate_limits.count_frame(session.user_id)  # messages have a limit of their own
            await self._inflight.wait_for_all()  # responses keep the order of the frames
            result = await command.handler(session, frame)
        except MalformedFrame as malformed:
            self._responder.refuse_malformed(malformed.ref, malformed.error)
        except Exception as error:
            self._responder.refuse(ref, error)
        else:
            self._responder.acknowledge(ref, result)

    def _on_outcome(self, ref: str | None, outcome: SendResult | BaseException) -> None:
        if isinstance(outcome, SendResult):
            self._responder.acknowledge(ref, send_ack(outcome))
        else:
            self._responder.refuse(ref, outcome)
