"""One connection from `hello` to close: what the hub and the commands ask of it, and what follows from what.

A close asked for from anywhere lets what is in hand finish first.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import ChatError, Invalid, LimitReached, NotFound
from wasgo_chat.database.session import Database
from wasgo_chat.gateway.channel import Subscription
from wasgo_chat.gateway.client_frames import ClientFrame, resync_frame
from wasgo_chat.gateway.frame_writer import EXTENSION, FrameWriter
from wasgo_chat.gateway.framing import FrameBatch
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.gateway.notification_feed import NotificationFeed, SentState
from wasgo_chat.gateway.publisher import Publisher
from wasgo_chat.gateway.receiver import FrameReceiver
from wasgo_chat.gateway.responder import Responder
from wasgo_chat.gateway.send_buffer import QueueBuffer, SendBuffer, TransportBuffer
from wasgo_chat.gateway.typing_indicator import TypingThrottle
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity.authentication import Actor, Authenticator
from wasgo_chat.membership.lookups import MembershipHead, PendingJoin
from wasgo_chat.messages.sending.group_commit import GroupCommit

log = structlog.get_logger(__name__)

FLUSH_S = 1.0
MAX_REASON_BYTES = 120


class Connection:
    """A user's open socket. `own_conversation` is set on a socket of one conversation, None on one for many."""

    def __init__(
        self,
        ws: WebSocket,
        actor: Actor,
        *,
        hub: Hub,
        teller: Publisher,
        db: Database,
        group: GroupCommit,
        rates: RateLimits,
        authenticator: Authenticator,
        own_conversation: UUID | None,
        feed: NotificationFeed | None = None,
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        self.actor = actor
        self.user_id = actor.require_user()
        self.hub = hub
        self.teller = teller
        self.db = db
        self.group = group
        self.rates = rates
        self.authenticator = authenticator
        self.settings: Settings = db.settings
        self.fixed_conversation = own_conversation
        self.subscriptions: dict[UUID, Subscription] = {}
        self._ws = ws
        self._feed = feed
        self._on_open = on_open
        self._feed_state: SentState | None = None
        link: FrameWriter | None = ws.scope.get("extensions", {}).get(EXTENSION)
        limit = self.settings.outbox_bytes
        self._buffer: SendBuffer = (
            QueueBuffer(self._send_text, limit, self._catch_up)
            if link is None
            else TransportBuffer(link, limit, self._catch_up)
        )
        self.write_batch: Callable[[FrameBatch], bool] = self._buffer.put_batch  # see `Subscriber.write_batch`
        self._closing: tuple[CloseCode, str] | None = None
        self.typing = TypingThrottle(self._publish_typing)
        self._answers = Responder(self._buffer, self.end, self.settings.max_bad_frames, hub.counts)
        self._listener = FrameReceiver(self, ws.receive if link is None else link.receive, self._answers)
        self.inflight = self._listener.inflight

    # What the hub asks of a peer

    @property
    def issued_at(self) -> float:
        """See `Subscriber.issued_at`."""
        return self.actor.issued_at

    @property
    def expires_at(self) -> float:
        """See `Subscriber.expires_at`."""
        return self.actor.expires_at

    def write(self, data: bytes) -> bool:
        """See `Subscriber.write`."""
        return self._buffer.put(data)

    async def wait_drained(self) -> None:
        """See `Subscriber.wait_drained`."""
        await self._buffer.wait_drained()

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Close soon: the frame in hand is finished and answered first."""
        if self._closing is None:
            self._closing = (code, reason)
            self._listener.stop()

    @property
    def is_closing(self) -> bool:
        """Whether its close was asked for: then no further frame is read."""
        return self._closing is not None

    def on_removed(self, subscription: Subscription, code: CloseCode) -> None:
        """See `Subscriber.on_removed`: the removal closes a socket of one conversation, and is told on one for many."""
        conversation_id = subscription.conversation_id
        self.subscriptions.pop(conversation_id, None)
        if self.fixed_conversation is not None:
            self.end(code, "removed from the conversation")
        else:
            self._send({"type": "unsubscribed", "conversation_id": conversation_id, "code": int(code)})

    # What commands ask

    def conversation_of(self, frame: ClientFrame) -> UUID:
        """The conversation a frame is about, among those that this socket follows.

        Raises:
            Invalid: a socket for many needs the name.
            NotFound: this socket does not follow it.
        """
        conversation_id = frame.conversation_id or self.fixed_conversation
        if conversation_id is None:
            raise Invalid.field(["conversation_id"], "missing", "name the conversation")
        if conversation_id not in self.subscriptions:
            raise NotFound
        return conversation_id

    async def subscribe(
        self, conversation_id: UUID, after_seq: int | None, *, greeting: str, place: MembershipHead | None = None
    ) -> None:
        """Greet; what came after `after_seq` and then the live stream follow by themselves.

        Raises:
            NotFound: no such conversation for this user.
            LimitReached: the socket follows too many already.
            Unavailable: the database does not answer.
        """
        if (earlier := self.subscriptions.pop(conversation_id, None)) is not None:
            self.hub.unsubscribe(earlier)  # asked for again: begin again where the client says it stands
        if len(self.subscriptions) >= self.settings.max_subscriptions:
            raise LimitReached(f"A socket follows at most {self.settings.max_subscriptions} conversations")
        subscription = Subscription(self, conversation_id)
        self.subscriptions[conversation_id] = subscription
        try:
            hello = await self.hub.subscribe(subscription, self.actor, place)
        except BaseException:
            self.subscriptions.pop(conversation_id, None)
            raise
        self._send({"type": greeting, **self._hello_fields(), **hello})
        subscription.greeted = True
        if after_seq is not None:
            head = subscription.watermark
            oldest = max(head - self.settings.replay_limit, subscription.purged_seq, 0)
            if oldest <= after_seq <= head:
                subscription.watermark = after_seq
            else:
                self.hub.counts.resyncs += 1
                self._answers.write(resync_frame(conversation_id, head))
        self.hub.catch_up_soon(subscription)

    def unsubscribe(self, conversation_id: UUID) -> None:
        """Stop following; harmless where it was not followed."""
        subscription = self.subscriptions.pop(conversation_id, None)
        if subscription is not None:
            self.hub.unsubscribe(subscription)
            self._send({"type": "unsubscribed", "conversation_id": conversation_id, "code": 1000})

    def refresh_token(self, actor: Actor) -> None:
        """Take a newer token of the same subject over."""
        self.actor = actor

    # Its life

    async def run(self, after_seq: int | None, entering: PendingJoin | None = None) -> None:
        """Serve an accepted connection until either side closes it.

        Args:
            after_seq: where the client stands in the socket's one conversation.
            entering: what was found of it with the token.
        """
        if not self.hub.register(self):
            self.hub.counts.refusals["sockets_of_user"] += 1
            await self._close(
                CloseCode.RATE_LIMITED, f"at most {self.settings.max_sockets_per_user} sockets; retry after 60"
            )
            return
        if self.hub.is_restarting:
            self.end(CloseCode.RESTARTING, self.hub.restart_reason())
        writer = self._buffer.run()
        try:
            if self._closing is None:
                await self._open(after_seq, entering)
            self._on_open()
            if self._closing is None:
                tasks = [self._listener.start(), *([writer] if writer is not None else [])]
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                self._log_crash(done)
        finally:
            self.typing.stop()
            if self._feed is not None and self._feed_state is not None:
                self._feed.remove(self._feed_state)
            self.hub.unregister(self, tuple(self.subscriptions.values()))
            self._listener.stop()
            await self._listener.ended()
            self.hub.unregister(self, tuple(self.subscriptions.values()))  # what the frame in hand has followed since
            if self._closing is not None and (writer is None or not writer.done()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(FLUSH_S):
                        await self._buffer.wait_drained()
            self._buffer.discard()
            if writer is not None:
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
        if self._closing is not None:
            log.debug("socket_closing", code=int(self._closing[0]), reason=self._closing[1])
            await self._close(*self._closing)

    async def _open(self, after_seq: int | None, entering: PendingJoin | None) -> None:
        try:
            if entering is not None and entering.is_found and entering.membership is None:
                raise NotFound
            if self.fixed_conversation is not None:
                place = entering.membership if entering is not None else None
                await self.subscribe(self.fixed_conversation, after_seq, greeting="hello", place=place)
                return
            self._send({"type": "hello", **self._hello_fields()})
            if self._feed is not None:
                self._feed_state = self._feed.add(self)
                await self._feed.sync(self._feed_state)
        except NotFound:
            self.end(CloseCode.NOT_FOUND, "no such conversation")
        except ChatError as error:
            log.warning("socket_not_opened", error=error.code)
            self.end(CloseCode.OVERLOADED, "reconnect with after_seq")

    def _publish_typing(self, conversation_id: UUID, is_typing: bool) -> None:
        name = self.actor.username or self.user_id
        self.teller.typing(conversation_id, self.user_id, name, is_typing=is_typing)

    def _send(self, frame: dict[str, Any]) -> None:
        self._answers.write(encode(frame))

    def _hello_fields(self) -> dict[str, Any]:
        s = self.settings
        return {
            "user_id": self.user_id,
            "heartbeat_s": s.heartbeat_s,
            "limits": {
                "content_chars": s.max_content_chars,
                "frame_bytes": s.max_frame_bytes,
                "metadata_bytes": s.max_metadata_bytes,
                "messages": s.message_rate,
                "window_s": s.message_rate_window_s,
            },
        }

    def _catch_up(self) -> None:
        for subscription in self.subscriptions.values():
            if subscription.greeted and not subscription.live:
                self.hub.catch_up_soon(subscription)

    async def _send_text(self, data: bytes) -> None:
        await self._ws.send({"type": "websocket.send", "text": data.decode()})

    async def _close(self, code: CloseCode, reason: str) -> None:
        """Say goodbye; a peer that is gone or does not read must not hold us."""
        self.hub.counts.socket_closes[str(int(code))] += 1
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
