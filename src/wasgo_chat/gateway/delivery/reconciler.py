"""The reconciler: once a second it compares every local channel with the database and repairs what was lost.

It finds a lost last publication, a crash between commit and publication, an unavailable Redis, lost read receipts and
revocations, connections that stay behind, and logs that lost events in a failover or a restore: a new epoch, or a head
that went back, which begins one.
"""

import asyncio
import time
from uuid import UUID

import structlog

from wasgo_chat.conversations.event_frames import read_receipt_frames
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.pinned import fetch
from wasgo_chat.database.session import Database
from wasgo_chat.events.epochs import EPOCH_SQL, begin_epoch
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.messages import read_receipts
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)

RECEIPTS_PAGE = 100

# The epoch in the statement that reads the heads: both are of one snapshot.
_HEADS = f"""
SELECT e.epoch, c.id, c.last_seq, c.reads_version
FROM (SELECT {EPOCH_SQL}) AS e(epoch) LEFT JOIN conversations c ON c.id = ANY($1::uuid[])
"""  # noqa: S608  composed of constants
_MEMBERS = """
SELECT conversation_id, user_id FROM participants
WHERE conversation_id = ANY($1::uuid[]) AND user_id = ANY($2::text[]) AND left_seq IS NULL
"""


class Reconciler:
    """The periodic comparison of a worker. `trigger` starts one at once, after a gap at the broker."""

    def __init__(self, settings: Settings, hub: Hub, db: Database) -> None:
        self._settings = settings
        self._hub = hub
        self._db = db
        self._triggered = asyncio.Event()

    def trigger(self) -> None:
        """Compare now, without waiting for the next interval."""
        self._triggered.set()

    async def run(self) -> None:
        """Compare at intervals. If the database is unavailable, the next interval tries again."""
        await forever(
            self._reconcile,
            failure="reconciliation_failed",
            every_s=self._settings.reconcile_s,
            wake=self._triggered,
        )

    async def _reconcile(self) -> None:
        self._check_subscriptions()
        await self._compare()
        if self._hub.peers:
            await self._hub.close_revoked(list(self._hub.peers))

    def _check_subscriptions(self) -> None:
        """Close connections that read nothing for too long, and catch up those that have drained."""
        now = time.monotonic()
        for channel in tuple(self._hub.channels.values()):
            self._hub.close_if_empty(channel)
            channel.expire_typing()
            for subscription in tuple(channel.subscriptions):
                since = subscription.lagging_since
                if since is not None and now - since > self._settings.slow_socket_s:
                    subscription.peer.end(CloseCode.TOO_SLOW, "too slow; reconnect with after_seq")
                else:
                    self._hub.catch_up_soon(subscription)  # an earlier attempt may have failed

    async def _compare(self) -> None:
        epoch, heads = await self._heads(list(self._hub.channels))
        await self._begin_epoch(epoch, heads)
        lagging: dict[UUID, list[Subscription]] = {}
        suspects: dict[UUID, int] = {}
        for conversation_id, (last_seq, reads_version) in heads.items():
            channel = self._hub.channels.get(conversation_id)
            if channel is None:
                continue
            if channel.epoch != epoch:
                continue  # it was opened in the meantime
            channel.learn_head(last_seq, reads_version)
            if last_seq > channel.delivered_head:
                self._hub.counts.reconciler_findings["events"] += 1
                self._hub.replay.fill_gap_soon(channel)
            elif last_seq < channel.delivered_head:
                suspects[conversation_id] = channel.delivered_head
            behind = [one for one in channel.subscriptions if one.live and one.reads_version < reads_version]
            if behind:
                self._hub.counts.reconciler_findings["read_receipts"] += 1
                lagging[conversation_id] = behind
        for conversation_id, behind in lagging.items():
            await self._resend_read_receipts(conversation_id, behind)
        await self._check_rewound(epoch, suspects)

    async def _heads(self, ids: list[UUID]) -> tuple[str, dict[UUID, tuple[int, int]]]:
        """The epoch, and the head and version of the read receipts of each of these conversations."""
        records = await fetch(self._db, _HEADS, ids)
        heads = {record["id"]: (record["last_seq"], record["reads_version"]) for record in records if record["id"]}
        return records[0]["epoch"], heads

    async def _begin_epoch(self, epoch: str, heads: dict[UUID, tuple[int, int]]) -> None:
        """Have every client that was told another epoch load again, and end the subscriptions of users who are no
        members in this one.
        """
        self._hub.learn_epoch(epoch)
        channels = [self._hub.channels[key] for key in heads if key in self._hub.channels]
        stale = [channel for channel in channels if channel.epoch != epoch]
        if not stale:
            return
        ids = [channel.conversation_id for channel in stale]
        affected = [(channel, one) for channel in stale for one in channel.subscriptions if one.epoch != epoch]
        log.warning("epoch_changed", epoch=epoch, conversations=len(stale))
        self._hub.counts.reconciler_findings["epochs"] += 1
        members = {tuple(record) for record in await fetch(self._db, _MEMBERS, ids, list(self._hub.peers))}
        for channel, subscription in affected:
            if (channel.conversation_id, subscription.peer.user_id) not in members:
                channel.drop(subscription, CloseCode.REMOVED)
        for channel in stale:
            channel.begin_epoch(epoch, *heads[channel.conversation_id])

    async def _check_rewound(self, epoch: str, suspects: dict[UUID, int]) -> None:
        """Begin an epoch if a log ends before its delivered head, as after a failover that lost commits.

        A head that was read just before a commit, and compared after its publication, looks the same. So each head is
        read again. If one log lost its end, others have too, and clients that are away cannot know.
        """
        if not suspects:
            return
        now, heads = await self._heads(list(suspects))
        rewound = {key: head for key, (head, _) in heads.items() if head < suspects[key] and key in self._hub.channels}
        if not rewound or now != epoch:
            return
        for conversation_id, head in rewound.items():
            log.error("log_rewound", conversation=str(conversation_id), delivered=suspects[conversation_id], head=head)
            self._hub.counts.reconciler_findings["rewinds"] += 1
        async with self._db.transaction() as tx:
            await begin_epoch(tx, seen=epoch)
        self.trigger()

    async def _resend_read_receipts(self, conversation_id: UUID, behind: list[Subscription]) -> None:
        """Load the read receipts that these subscriptions miss, once for all, and write to each what it misses.

        A read receipt is a set of messages, so one that is written twice does no harm.
        """
        version = min(subscription.reads_version for subscription in behind)
        while True:
            async with self._db.snapshot() as tx:
                missed = await read_receipts.read_states_since(tx, conversation_id, version, limit=RECEIPTS_PAGE)
            for receipt in missed:
                frames = read_receipt_frames(receipt)
                self._hub.counts.frames_out["messages_read"] += len(behind) * len(frames)
                for subscription in behind:
                    if receipt.version == subscription.reads_version + 1:
                        subscription.deliver_read_receipt(receipt.version, frames)
            if len(missed) < RECEIPTS_PAGE:
                return
            version = missed[-1].version
