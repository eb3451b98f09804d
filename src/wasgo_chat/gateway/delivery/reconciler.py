"""The reconciler: once a second it compares every local channel with the database and repairs what was lost.

It finds a lost last publication, a crash between commit and publication, an unavailable Redis, lost read receipts and
revocations, connections that stay behind, and a log that was rewound by a failover.
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
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.subscription import Subscription
from wasgo_chat.messages import read_receipts
from wasgo_chat.settings.config import Settings

log = structlog.get_logger(__name__)

RECEIPTS_PAGE = 100

_HEADS = "SELECT id, last_seq, reads_version FROM conversations WHERE id = ANY($1::uuid[])"


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
        heads = await self._heads(list(self._hub.channels))
        lagging: dict[UUID, list[Subscription]] = {}
        suspects: dict[UUID, int] = {}
        for conversation_id, (last_seq, reads_version) in heads.items():
            channel = self._hub.channels.get(conversation_id)
            if channel is None:
                continue
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
        await self._resync(suspects)

    async def _heads(self, ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
        records = await fetch(self._db, _HEADS, ids) if ids else []
        return {record["id"]: (record["last_seq"], record["reads_version"]) for record in records}

    async def _resync(self, suspects: dict[UUID, int]) -> None:
        """Rewind channels whose logs end before the delivered head, as after a failover that lost commits.

        A head that was read just before a commit, and compared after its publication, looks the same. So each head is
        read again.
        """
        for conversation_id, (last_seq, reads_version) in (await self._heads(list(suspects))).items():
            channel = self._hub.channels.get(conversation_id)
            if channel is None or last_seq >= suspects[conversation_id]:
                continue
            log.error("log_rewound", conversation=str(conversation_id), delivered=channel.delivered_head, head=last_seq)
            self._hub.counts.reconciler_findings["rewinds"] += 1
            self._hub.counts.resyncs += len(channel.subscriptions)
            self._hub.counts.frames_out["resync"] += len(channel.subscriptions)
            channel.rewind(last_seq, reads_version)

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
