"""What one connection stands for: its actor and its subscriptions. The commands and the hub act upon it."""

import contextlib
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import Invalid, LimitReached, NotFound, Unavailable
from wasgo_chat.gateway.broadcast.publisher import Publisher
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.subscription import ResumePoint, Subscription
from wasgo_chat.gateway.frames.client_frames import ClientFrame
from wasgo_chat.gateway.responder import Responder
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.gateway.typing_indicator import TypingThrottle
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.acquaintance import strangers_among
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.messages.context import MessagesContext


class SessionContext(MessagesContext, Protocol):
    """The parts of a worker that sessions and commands use."""

    hub: Hub
    publisher: Publisher
    feature_names: list[str]


class Session:
    """The session of one connection. It satisfies `subscription.Subscriber` and `notification_feed.FeedSocket`.

    Args:
        actor: the authenticated user, or the service that acts as a user.
        context: the worker.
        buffer: takes the frames of the log and signals.
        responder: takes the frames that the client waits for.
        on_end: closes the connection after the current frame, with a close code and a reason.
        fixed_conversation: the conversation of a connection of one conversation; None on one for many.
    """

    def __init__(
        self,
        actor: Actor,
        context: SessionContext,
        *,
        buffer: SendBuffer,
        responder: Responder,
        on_end: Callable[[CloseCode, str], None],
        fixed_conversation: UUID | None,
    ) -> None:
        self.actor = actor
        self.user_id = actor.require_user()
        self.context = context
        self.buffer = buffer
        self.fixed_conversation = fixed_conversation
        self.subscriptions: dict[UUID, Subscription] = {}
        self.typing = TypingThrottle(self._publish_typing)
        self._known_in: set[UUID] = set()
        self._responder = responder
        self._on_end = on_end

    @property
    def issued_at(self) -> float:
        return self.actor.issued_at

    @property
    def expires_at(self) -> float:
        return self.actor.expires_at

    def end(self, code: CloseCode, reason: str = "") -> None:
        self._on_end(code, reason)

    def conversation_of(self, frame: ClientFrame) -> UUID:
        """The conversation that a frame names or implies. The session is subscribed to it.

        Raises:
            Invalid: the frame names no conversation, on a connection for many.
            NotFound: the session is not subscribed to the conversation.
        """
        conversation_id = frame.conversation_id or self.fixed_conversation
        if conversation_id is None:
            raise Invalid.field(["conversation_id"], "missing", "is required on a connection for many conversations")
        if conversation_id not in self.subscriptions:
            raise NotFound
        return conversation_id

    async def subscribe(
        self, conversation_id: UUID, resume: ResumePoint | None, membership: MembershipHead | None = None
    ) -> None:
        """Subscribe to a conversation. A subscription that exists already is replaced.

        Args:
            conversation_id: the conversation.
            resume: replay the log from this point; None for live events only.
            membership: the user's membership, if it was loaded with the token.

        Raises:
            NotFound: the conversation does not exist, or the user is not a member.
            LimitReached: the session has too many subscriptions.
            Unavailable: the database does not answer.
        """
        hub, limit = self.context.hub, self.context.settings.max_subscriptions
        if (earlier := self.subscriptions.pop(conversation_id, None)) is not None:
            hub.unsubscribe(earlier)
        if len(self.subscriptions) >= limit:
            raise LimitReached(f"A connection can have at most {limit} subscriptions")
        missed = await hub.subscribe(self, conversation_id, resume, membership)
        if self.actor.service is None:  # services act for many users
            self.context.rate_limits.count_replay(self.user_id, missed)

    def on_subscribed(self, subscription: Subscription, state: dict[str, Any]) -> None:
        conversation_id = subscription.conversation_id
        self.subscriptions[conversation_id] = subscription
        self.greet("hello" if self.fixed_conversation is not None else "subscribed", state)

    def on_removed(self, subscription: Subscription, code: CloseCode) -> None:
        conversation_id = subscription.conversation_id
        self.subscriptions.pop(conversation_id, None)
        if self.fixed_conversation is not None:
            self.end(code, "removed from the conversation")
        else:
            self._send({"type": "unsubscribed", "conversation_id": conversation_id, "code": int(code)})

    def unsubscribe(self, conversation_id: UUID) -> None:
        """End a subscription; does nothing if there is none."""
        subscription = self.subscriptions.pop(conversation_id, None)
        if subscription is not None:
            self.context.hub.unsubscribe(subscription)
            self._send({"type": "unsubscribed", "conversation_id": conversation_id, "code": 1000})

    def refresh_token(self, actor: Actor) -> None:
        """Continue with a newer token of the same subject."""
        self.actor = actor

    def greet(self, frame_type: str, state: dict[str, Any]) -> None:
        """Send `hello` or `subscribed`; `state` has the epoch, and the fields of the conversation."""
        settings = self.context.settings
        limits = {
            "content_chars": settings.max_content_chars,
            "frame_bytes": settings.max_frame_bytes,
            "metadata_bytes": settings.max_metadata_bytes,
            "messages": settings.message_rate,
            "window_s": settings.message_rate_window_s,
            "attachment_bytes": settings.max_attachment_bytes,
            "attachments": settings.max_attachments,
        }
        user = {
            "user_id": self.user_id,
            "heartbeat_s": settings.heartbeat_s,
            "limits": limits,
            "features": self.context.feature_names,
        }
        self._send({"type": frame_type, **user, **state})

    def catch_up(self) -> None:
        """Catch up every subscription that is behind: the buffer has drained."""
        for subscription in tuple(self.subscriptions.values()):
            if not subscription.live:
                self.context.hub.catch_up_soon(subscription)

    async def is_known_in(self, conversation_id: UUID) -> bool:
        """Whether the others may notice the user; assumed not to be while the database is unavailable."""
        if conversation_id in self._known_in:
            return True
        with contextlib.suppress(Unavailable):
            async with self.context.db.snapshot() as tx:
                if not await strangers_among(tx, conversation_id, [self.user_id]):
                    self._known_in.add(conversation_id)
        return conversation_id in self._known_in

    def _publish_typing(self, conversation_id: UUID, is_typing: bool) -> None:
        name = self.actor.username or self.user_id
        self.context.publisher.publish_typing(conversation_id, self.user_id, name, is_typing=is_typing)

    def _send(self, frame: dict[str, Any]) -> None:
        self._responder.write(encode(frame))
