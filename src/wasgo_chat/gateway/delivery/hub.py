"""The hub of a worker: which sessions subscribe to which conversations, and the fan-out of events to them.

Events arrive from the publisher (own commits), the subscriber (other workers) and the log. A gap in seqs is filled
from the log (`replay`), so nothing that the broker loses is lost to a client.
"""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.errors import NotFound
from wasgo_chat.core.tasks import TaskSet, forever
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.pinned import fetch
from wasgo_chat.database.session import Database
from wasgo_chat.events.epochs import EPOCH_SQL
from wasgo_chat.gateway.broadcast.envelope import channel_of
from wasgo_chat.gateway.delivery.channel import ConversationChannel
from wasgo_chat.gateway.delivery.replay import Replay
from wasgo_chat.gateway.delivery.subscription import ResumePoint, Subscriber, Subscription
from wasgo_chat.identity import users
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.messages.read_receipts import ConversationReadState
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.pubsub import Broker
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

TOKEN_CHECK_S = 0.8


class Hub:
    """The channels of a worker, by conversation, and its sessions, by user."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        broker: Broker,
        tasks: TaskSet,
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
        self._epoch: str | None = None
        self.replay = Replay(db, tasks, self.counts)
        self._settings = settings
        self._db = db
        self._broker = broker
        self._tasks = tasks
        self._presence = presence
        self._memberships = memberships
        self._read_states = read_states
        self._opening: dict[UUID, asyncio.Task[ConversationChannel]] = {}

    def register(self, peer: Subscriber) -> bool:
        """Add a session of a user; False if the user has too many."""
        peers_of_user = self.peers[peer.user_id]
        if len(peers_of_user) >= self._settings.max_sockets_per_user:
            return False
        if not peers_of_user:
            self._presence.connected(peer.user_id)
        peers_of_user.add(peer)
        self.sockets += 1
        self.counts.socket_opens += 1
        return True

    def unregister(self, peer: Subscriber, subscriptions: Iterable[Subscription]) -> None:
        """Remove a session and its subscriptions. May be called more than once."""
        for subscription in subscriptions:
            self.unsubscribe(subscription)
        peers_of_user = self.peers.get(peer.user_id)
        if peers_of_user is not None and peer in peers_of_user:
            peers_of_user.discard(peer)
            self.sockets -= 1
            if not peers_of_user:
                del self.peers[peer.user_id]
                self._presence.disconnected(peer.user_id)

    def restart(self) -> None:
        """Close every connection after its current frame, and every new one at once."""
        self.is_restarting = True
        for peer in [peer for peers_of_user in self.peers.values() for peer in peers_of_user]:
            peer.end(CloseCode.RESTARTING, self.restart_reason())

    def restart_reason(self) -> str:
        """The close reason of a restart. The delays are random, so that not every client reconnects at once."""
        return f"restarting; retry after {random.uniform(0, self._settings.restart_spread_s):.1f}"  # noqa: S311  no secret

    async def subscribe(
        self,
        peer: Subscriber,
        conversation_id: UUID,
        resume: ResumePoint | None = None,
        membership: MembershipHead | None = None,
    ) -> int:
        """Subscribe a session to a conversation: its first frame, then what it missed since `resume`, then live events.

        The head of a channel is read after the broker has confirmed the subscription, so a channel misses nothing.
        `membership` may be slightly older: replay starts at its head, and finds out if the user was removed since.

        Returns:
            The number of events that are replayed.

        Raises:
            NotFound: the conversation does not exist, or the user is not a member.
            Unavailable: the database does not answer.
        """
        if membership is None:
            membership = await self._memberships.find((peer.user_id, conversation_id))
            if membership is None:
                raise NotFound  # before a channel is opened
        channel, reads = await self._open_with_reads(conversation_id, membership)
        # No await from here on: the subscription is attached, greeted and led to the live stream in one step.
        subscription = Subscription(peer, conversation_id, membership)
        channel.add(subscription)
        head = membership.last_seq
        position = {"last_seq": head, "epoch": membership.epoch}
        state = {"conversation_id": conversation_id, "role": membership.role, **position, "reads": reads}
        peer.on_subscribed(subscription, state)
        missed = 0
        if resume is not None:
            oldest = max(head - self._settings.replay_limit, membership.purged_seq, 0)
            if resume.epoch in (None, membership.epoch) and oldest <= resume.after_seq <= head:
                subscription.resume_after(resume.after_seq)
                missed = head - resume.after_seq
            else:
                self.counts.resyncs += 1
                self.counts.frames_out["resync"] += 1
                if not subscription.deliver_resync(head):
                    peer.end(CloseCode.TOO_SLOW, "too many unsent bytes; reconnect with after_seq")
        self.replay.catch_up_soon(channel, subscription)
        return missed

    def unsubscribe(self, subscription: Subscription) -> None:
        """End a subscription; the last one closes the channel."""
        channel = self.channels.get(subscription.conversation_id)
        if channel is not None:
            channel.subscriptions.discard(subscription)
            self.close_if_empty(channel)

    def catch_up_soon(self, subscription: Subscription) -> None:
        """Bring a subscription that is behind to the live stream, in the background."""
        channel = self.channels.get(subscription.conversation_id)
        if channel is not None:
            self.replay.catch_up_soon(channel, subscription)

    def publish_local(self, conversation_id: UUID, frames: Sequence[EventFrame]) -> None:
        """Deliver events with consecutive seqs, from any source, in any order and any number of times."""
        channel = self.channels.get(conversation_id)
        if channel is not None and not channel.offer(frames):
            self.replay.fill_gap_soon(channel)

    def close_if_empty(self, channel: ConversationChannel) -> None:
        """Close a channel without subscriptions."""
        if not channel.subscriptions and self.channels.get(channel.conversation_id) is channel:
            del self.channels[channel.conversation_id]
            self._tasks.spawn(self._unsubscribe_at_broker(channel.conversation_id))

    async def epoch(self) -> str:
        """The epoch, at most one interval of the reconciler old.

        Raises:
            Unavailable: it is not known yet, and the database does not answer.
        """
        if self._epoch is None:
            self._epoch = (await fetch(self._db, f"SELECT {EPOCH_SQL}"))[0][0]
        assert self._epoch is not None  # noqa: S101  the expression is never null
        return self._epoch

    def learn_epoch(self, epoch: str) -> None:
        """The reconciler has read the epoch."""
        self._epoch = epoch

    async def watch_tokens(self) -> None:
        """Close connections whose tokens have expired. It polls, because the wall clock may be set."""
        await forever(self._close_expired, failure="token_check_failed", every_s=TOKEN_CHECK_S)

    async def _close_expired(self) -> None:
        now = time.time()
        for peer in [peer for peers in self.peers.values() for peer in peers if peer.expires_at <= now]:
            peer.end(CloseCode.UNAUTHENTICATED, "the token has expired")

    async def close_revoked(self, user_ids: list[str]) -> None:
        """Close connections whose tokens were issued before the tokens of their users were revoked."""
        revoked = await users.revoked_before(self._db, user_ids)
        for user_id, moment in revoked.items():
            for peer in tuple(self.peers.get(user_id, ())):
                if peer.issued_at < moment.timestamp():
                    peer.end(CloseCode.UNAUTHENTICATED, "the token was revoked")

    async def _open_with_reads(
        self, conversation_id: UUID, membership: MembershipHead
    ) -> tuple[ConversationChannel, dict[str, int]]:
        """The channel of a conversation and the `last_read_seq` of each member. The channel is open on return."""
        while True:
            channel = await self._open(conversation_id, membership.epoch)
            if (reads := channel.reads_as_of(membership)) is None:
                try:
                    read_state = await self._read_states.find(conversation_id)
                except BaseException:
                    self.close_if_empty(channel)
                    raise
                reads = read_state.by if read_state is not None else {}
                channel.keep_reads(membership, reads)
            if self.channels.get(conversation_id) is channel:  # else it was closed in the meantime, being empty
                return channel, reads

    async def _open(self, conversation_id: UUID, epoch: str) -> ConversationChannel:
        """The channel of a conversation: subscribed at the broker, at the head of the log."""
        if (channel := self.channels.get(conversation_id)) is not None:
            return channel
        if conversation_id not in self._opening:
            task = self._tasks.spawn(self._open_channel(conversation_id, epoch))
            self._opening[conversation_id] = task
            task.add_done_callback(lambda _: self._opening.pop(conversation_id, None))
        return await asyncio.shield(self._opening[conversation_id])

    async def _open_channel(self, conversation_id: UUID, epoch: str) -> ConversationChannel:
        await self._broker.subscribe(channel_of(conversation_id))
        try:
            read_state = await self._read_states.find(conversation_id)
            if read_state is None:
                raise NotFound
        except BaseException:
            await self._broker.unsubscribe(channel_of(conversation_id))
            raise
        channel = ConversationChannel(
            conversation_id,
            epoch=epoch,  # read before the head: an earlier epoch is found, a later one would not be
            last_seq=read_state.last_seq,
            reads_version=read_state.version,
            reads=read_state.by,
            counts=self.counts,
        )
        self.channels[conversation_id] = channel
        return channel

    async def _unsubscribe_at_broker(self, conversation_id: UUID) -> None:
        if conversation_id not in self.channels and conversation_id not in self._opening:
            await self._broker.unsubscribe(channel_of(conversation_id))
