"""Replay: reads the log for one subscription that is behind (catch-up), or for all that miss an event (gap fill)."""

import asyncio

from wasgo_chat.conversations.event_frames import EventFrame, read_frames
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database.session import Database
from wasgo_chat.gateway.delivery.channel import ConversationChannel
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.gateway.frames.framing import frame_type
from wasgo_chat.membership import access
from wasgo_chat.telemetry.counters import WorkerCounters

REPLAY_PAGE = 100
"""Events that are read from the log at once."""
MAX_CONCURRENT_REPLAYS = 2


class Replay:
    """The replays of one worker. They run in the background.

    Args:
        db: the pool of background work.
        tasks: runs the replays.
        counts: the counters of the worker.
    """

    def __init__(self, db: Database, tasks: TaskSet, counts: WorkerCounters) -> None:
        self._db = db
        self._tasks = tasks
        self._counts = counts
        self._catching_up: set[Subscription] = set()
        self._filling: set[ConversationChannel] = set()
        # Many reconnects at once must not take the connections that the publisher needs.
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_REPLAYS)

    def catch_up_soon(self, channel: ConversationChannel, subscription: Subscription) -> None:
        """Bring a subscription from its watermark to the live stream, at the pace at which its client reads."""
        if subscription.live or subscription in self._catching_up or subscription not in channel.subscriptions:
            return
        if not channel.replay_from_memory(subscription):
            self._catching_up.add(subscription)
            self._tasks.spawn(self._catch_up(channel, subscription))

    def fill_gap_soon(self, channel: ConversationChannel) -> None:
        """Read the log after the delivered head, for all live subscriptions. One gap fill runs per channel."""
        if channel not in self._filling:
            self._filling.add(channel)
            self._tasks.spawn(self._fill_gap(channel))

    async def _catch_up(self, channel: ConversationChannel, subscription: Subscription) -> None:
        channel.begin_replay()
        try:
            while subscription in channel.subscriptions and not channel.replay_from_memory(subscription):
                await subscription.buffer.wait_drained()
                subscription.made_progress()
                if not await self._replay_page(channel, subscription):
                    return
        except ChatError:
            subscription.peer.end(CloseCode.OVERLOADED, "reconnect with after_seq")
        finally:
            self._catching_up.discard(subscription)
            channel.end_replay()

    async def _replay_page(self, channel: ConversationChannel, subscription: Subscription) -> bool:
        """Write one page of the log to a subscription; False if there is nothing more to replay.

        Membership and log are read in one snapshot.
        """
        frames: list[EventFrame] = []
        epoch = subscription.epoch
        async with self._slots, self._db.snapshot() as tx:
            members = await access.current_members_among(tx, channel.conversation_id, [subscription.peer.user_id])
            if members:
                frames = await read_frames(tx, channel.conversation_id, subscription.watermark, limit=REPLAY_PAGE)
                self._counts.events_replayed += len(frames)
                self._counts.deliveries += len(frames)
                self._counts.frames_out.update([frame_type(frame.data) for frame in frames])
        if not members:
            channel.drop(subscription, CloseCode.REMOVED)
            return False
        is_purged = bool(frames) and frames[0].seq > subscription.watermark + 1
        if is_purged and not subscription.deliver_resync(frames[0].seq - 1):
            return True
        for frame in frames:
            while subscription in channel.subscriptions and not subscription.deliver(frame):
                subscription.mark_lagging()
                await subscription.buffer.wait_drained()
                subscription.made_progress()
            if subscription not in channel.subscriptions:  # it ended or was replaced in the meantime
                return False
            if subscription.epoch != epoch:  # the rest of the page may be lost: read again
                return True
            if subscription.is_ended_by(frame):  # the user may be a member again: a new subscription shows that
                channel.drop(subscription, CloseCode.REMOVED)
                return False
        return bool(frames)

    async def _fill_gap(self, channel: ConversationChannel) -> None:
        try:
            while channel.delivered_head < channel.known_head and channel.subscriptions:
                async with self._db.snapshot() as tx:
                    frames = await read_frames(tx, channel.conversation_id, channel.delivered_head, limit=REPLAY_PAGE)
                if not frames:
                    return
                if frames[0].seq > channel.delivered_head + 1:
                    channel.skip_purged(frames[0].seq - 1)
                self._counts.gaps_filled += 1
                channel.offer(frames)
        finally:
            self._filling.discard(channel)
