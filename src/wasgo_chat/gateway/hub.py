"""The hub of a worker: which sockets follow which conversation, and events to them in the order of its log.

Events arrive from the teller (own commits), the broker (other workers) and the head check. A jump in seq is
filled from the log, so nothing that a broker loses is lost to a client.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import structlog

from wasgo_chat.conversations.event_frames import EventFrame, read_frames
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import ChatError, NotFound
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.session import Database
from wasgo_chat.gateway.channel import ConversationChannel, Subscriber, Subscription
from wasgo_chat.gateway.envelope import channel_of
from wasgo_chat.gateway.framing import frame_type
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.messages.read_receipts import ConversationReadState
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.pubsub import Broker
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

PAGE = 100
MAX_CONCURRENT_REPLAYS = 2
TOKEN_CHECK_S = 0.8


class Hub:
    """The conversations with local sockets, and the sockets of each user."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        broker: Broker,
        background: TaskSet,
        presence: Presence,
        *,
        memberships: BatchLoader[tuple[str, UUID], MembershipHead],
        read_states: BatchLoader[UUID, ConversationReadState],
        counts: WorkerCounters | None = None,
    ) -> None:
        self.counts = counts or WorkerCounters()
        self.sockets = 0
        self.channels: dict[UUID, ConversationChannel] = {}
        self.peers: dict[str, set[Subscriber]] = defaultdict(set)
        self.is_restarting = False
        self._settings = settings
        self._db = db
        self._broker = broker
        self._background = background
        self._presence = presence
        self._memberships = memberships
        self._read_states = read_states
        self._opening: dict[UUID, asyncio.Task[ConversationChannel]] = {}
        self._filling: set[UUID] = set()
        self._replaying = asyncio.Semaphore(MAX_CONCURRENT_REPLAYS)  # a crowd must not take the teller's connections

    def register(self, peer: Subscriber) -> bool:
        """Count a socket of a user; False where that user has too many."""
        mine = self.peers[peer.user_id]
        if len(mine) >= self._settings.max_sockets_per_user:
            return False
        if not mine:
            self._presence.connected(peer.user_id)
        mine.add(peer)
        self.sockets += 1
        self.counts.socket_opens += 1
        return True

    def unregister(self, peer: Subscriber, subscriptions: Iterable[Subscription]) -> None:
        """Forget a socket and all it followed."""
        for subscription in subscriptions:
            self.unsubscribe(subscription)
        mine = self.peers.get(peer.user_id)
        if mine is not None and peer in mine:
            mine.discard(peer)
            self.sockets -= 1
            if not mine:
                del self.peers[peer.user_id]
                self._presence.disconnected(peer.user_id)

    def restart(self) -> None:
        """Close every socket, and all that still come: the frame in hand is finished first."""
        self.is_restarting = True
        for peer in [peer for mine in self.peers.values() for peer in mine]:
            peer.end(CloseCode.RESTARTING, self.restart_reason())

    def restart_reason(self) -> str:
        """What a restart tells a socket: not all of them are to come back at once."""
        return f"restarting; retry after {random.uniform(0, self._settings.restart_spread_s):.1f}"  # noqa: S311  no secret

    async def subscribe(
        self, subscription: Subscription, actor: Actor, place: MembershipHead | None = None
    ) -> dict[str, Any]:
        """Attach a socket to a conversation and say what `hello` says of it; `catch_up` must follow.

        A channel's head is read once the broker listens, so a channel misses nothing. A member's place may be from a
        moment before: the socket is led on from that head, and who was removed since is found then.

        Raises:
            NotFound: no such conversation for the caller.
            Unavailable: the database does not answer.
        """
        conversation_id = subscription.conversation_id
        if place is None and (place := await self._memberships.find((actor.require_user(), conversation_id))) is None:
            raise NotFound  # strangers open no channel
        channel = await self._open(conversation_id)
        while self.channels.get(conversation_id) is not channel:  # closed as empty before we were in it
            channel = await self._open(conversation_id)
        channel.subscriptions.add(subscription)
        try:
            state = (place.last_seq, place.reads_version)
            if channel.read_up_to[0] != state:  # whoever joins while nothing happens is told the same
                reading = await self._read_states.find(conversation_id)
                channel.read_up_to = (state, reading.by if reading is not None else {})
        except BaseException:
            self.unsubscribe(subscription)
            raise
        subscription.role = place.role
        subscription.watermark = subscription.joined_at_seq = place.last_seq
        subscription.reads_version = place.reads_version
        subscription.purged_seq = place.purged_seq
        return {
            "conversation_id": conversation_id,
            "role": place.role,
            "last_seq": place.last_seq,
            "reads": channel.read_up_to[1],
        }

    def unsubscribe(self, subscription: Subscription) -> None:
        """Detach a socket; the last one closes the channel."""
        channel = self.channels.get(subscription.conversation_id)
        if channel is not None:
            channel.subscriptions.discard(subscription)
            self.close_if_empty(channel)

    def catch_up_soon(self, subscription: Subscription) -> None:
        """Lead a socket from its watermark to the live stream, in the background, at the pace at which it reads."""
        channel = self.channels.get(subscription.conversation_id)
        if channel is None or subscription.catching_up or subscription.live:
            return
        if subscription not in channel.subscriptions or not channel.replay_from_memory(subscription):
            self._background.spawn(self._catch_up(subscription))

    def publish_local(self, conversation_id: UUID, frames: Sequence[EventFrame]) -> None:
        """Take events with consecutive seqs from anywhere, in any order and any number of times."""
        channel = self.channels.get(conversation_id)
        if channel is not None and not channel.offer(frames):
            self.schedule_gap_fill(channel)

    def schedule_gap_fill(self, channel: ConversationChannel) -> None:
        """Read a conversation's log from where its sockets stand; one reading at a time per conversation."""
        if channel.conversation_id not in self._filling:
            self._filling.add(channel.conversation_id)
            self._background.spawn(self._fill(channel))

    def close_if_empty(self, channel: ConversationChannel) -> None:
        """Stop listening to a conversation that nobody here follows any more."""
        if not channel.subscriptions and self.channels.get(channel.conversation_id) is channel:
            del self.channels[channel.conversation_id]
            self._background.spawn(self._stop_listening(channel.conversation_id))

    async def watch_tokens(self) -> None:
        """Close the sockets whose tokens have ended, for ever. Looks again and again, as a wall clock may be set."""
        while True:
            await asyncio.sleep(TOKEN_CHECK_S)
            now = time.time()
            for peer in [peer for mine in self.peers.values() for peer in mine if peer.expires_at <= now]:
                peer.end(CloseCode.UNAUTHENTICATED, "the token has expired")

    async def close_revoked(self, user_ids: list[str]) -> None:
        """Close the sockets of users whose tokens were revoked after those sockets' tokens were issued."""
        revoked = await users.revoked_before(self._db, user_ids)
        for user_id, moment in revoked.items():
            for peer in tuple(self.peers.get(user_id, ())):
                if peer.issued_at < moment.timestamp():
                    peer.end(CloseCode.UNAUTHENTICATED, "the token was revoked")

    async def _catch_up(self, subscription: Subscription) -> None:
        channel = self.channels.get(subscription.conversation_id)
        if channel is None or subscription.catching_up or subscription.live:
            return
        subscription.catching_up = True
        channel.catching_up += 1
        try:
            while subscription in channel.subscriptions and not channel.replay_from_memory(subscription):
                await subscription.peer.wait_drained()
                subscription.made_progress()
                if not await self._replay_page(channel, subscription):
                    return
        except ChatError:
            subscription.peer.end(CloseCode.OVERLOADED, "reconnect with after_seq")
        finally:
            subscription.catching_up = False
            channel.catching_up -= 1
            if not channel.catching_up:
                channel.recent.clear()

    async def _replay_page(self, channel: ConversationChannel, subscription: Subscription) -> bool:
        """Write one page of the log to a socket; membership and log are read in one snapshot."""
        frames: list[EventFrame] = []
        async with self._replaying, self._db.snapshot() as tx:
            members = await access.current_members_among(tx, channel.conversation_id, [subscription.peer.user_id])
            if members:
                frames = await read_frames(tx, channel.conversation_id, subscription.watermark, limit=PAGE)
                self.counts.events_replayed += len(frames)
                self.counts.deliveries += len(frames)
                self.counts.frames_out.update([frame_type(frame.data) for frame in frames])
        if not members:
            channel.drop(subscription, CloseCode.REMOVED)
            return False
        is_cut = bool(frames) and frames[0].seq > subscription.watermark + 1
        if is_cut and not channel.resync(subscription, frames[0].seq - 1):
            return True
        for frame in frames:
            while subscription in channel.subscriptions and not subscription.deliver(frame):
                subscription.mark_lagging()
                await subscription.peer.wait_drained()
                subscription.made_progress()
            if subscription not in channel.subscriptions:  # it was ended, or began again, while we read
                return False
            if subscription.is_ended_by(frame):  # and was added again since: that is for the next socket
                channel.drop(subscription, CloseCode.REMOVED)
                return False
        return bool(frames)

    async def _fill(self, channel: ConversationChannel) -> None:
        try:
            while channel.delivered_head < channel.known_head and channel.subscriptions:
                async with self._db.snapshot() as tx:
                    frames = await read_frames(tx, channel.conversation_id, channel.delivered_head, limit=PAGE)
                if not frames:
                    return
                if frames[0].seq > channel.delivered_head + 1:
                    channel.skip_purged(frames[0].seq - 1)
                self.counts.gaps_filled += 1
                channel.offer(frames)
        finally:
            self._filling.discard(channel.conversation_id)

    async def _open(self, conversation_id: UUID) -> ConversationChannel:
        """The channel of a conversation, subscribed at the broker and at the database's head."""
        if (channel := self.channels.get(conversation_id)) is not None:
            return channel
        if conversation_id not in self._opening:
            task = self._background.spawn(self._prepare(conversation_id))
            self._opening[conversation_id] = task
            task.add_done_callback(lambda _: self._opening.pop(conversation_id, None))
        return await asyncio.shield(self._opening[conversation_id])

    async def _prepare(self, conversation_id: UUID) -> ConversationChannel:
        await self._broker.subscribe(channel_of(conversation_id))
        try:
            reading = await self._read_states.find(conversation_id)
            if reading is None:
                raise NotFound
        except BaseException:
            await self._broker.unsubscribe(channel_of(conversation_id))
            raise
        channel = ConversationChannel(conversation_id, self.counts)
        channel.delivered_head = channel.known_head = reading.last_seq
        channel.reads_version = reading.version
        channel.read_up_to = ((reading.last_seq, reading.version), reading.by)
        self.channels[conversation_id] = channel
        return channel

    async def _stop_listening(self, conversation_id: UUID) -> None:
        if conversation_id not in self.channels and conversation_id not in self._opening:
            await self._broker.unsubscribe(channel_of(conversation_id))
