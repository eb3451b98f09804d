"""Once a second: compare every local conversation with the database, and mend what was lost on the way.

Finds a lost last publication, a crash between commit and publication, a dead Redis, lost readings and
revocations, sockets that stay behind, and a log that went back after a failover.
"""

import asyncio
import contextlib
import time
from uuid import UUID

import structlog

from wasgo_chat.conversations.event_frames import read_receipt_frames
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.driver import fetch
from wasgo_chat.database.session import Database
from wasgo_chat.gateway.channel import Subscription
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.messages import read_receipts

log = structlog.get_logger(__name__)

READINGS_PAGE = 100

_HEADS = "SELECT id, last_seq, reads_version FROM conversations WHERE id = ANY($1::uuid[])"


class Reconciler:
    """The periodic comparison; `soon` asks for one at once (after a gap at the broker)."""

    def __init__(self, settings: Settings, hub: Hub, db: Database) -> None:
        self._settings = settings
        self._hub = hub
        self._db = db
        self._triggered = asyncio.Event()

    def trigger(self) -> None:
        """Check now rather than at the next second."""
        self._triggered.set()

    async def run(self) -> None:
        """Check for ever; a database that is away is tried again at the next turn."""
        while True:
            self._triggered.clear()
            try:
                self._close_slow()
                await self._compare()
                if self._hub.peers:
                    await self._hub.close_revoked(list(self._hub.peers))
            except ChatError as error:
                log.warning("head_check_failed", error=error.code)
            except Exception:
                log.exception("head_check_failed")  # the next turn may find better weather
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.head_check_s):
                    await self._triggered.wait()

    def _close_slow(self) -> None:
        now = time.monotonic()
        for channel in tuple(self._hub.channels.values()):
            self._hub.close_if_empty(channel)
            channel.expire_typing()
            for subscription in tuple(channel.subscriptions):
                since = subscription.lagging_since
                if since is not None and now - since > self._settings.slow_socket_s:
                    subscription.peer.end(CloseCode.TOO_SLOW, "too far behind; reconnect with after_seq")
                elif subscription.greeted:
                    self._hub.catch_up_soon(subscription)  # whatever kept it from catching up when it had drained

    async def _compare(self) -> None:
        heads = await self._heads(list(self._hub.channels))
        lagging: dict[UUID, list[Subscription]] = {}
        suspects: dict[UUID, int] = {}
        for conversation_id, (last_seq, reads_version) in heads.items():
            channel = self._hub.channels.get(conversation_id)
            if channel is None:
                continue
            if last_seq > channel.delivered_head:
                self._hub.counts.reconciler_findings["events"] += 1
                channel.known_head = max(channel.known_head, last_seq)
                self._hub.schedule_gap_fill(channel)
            elif last_seq < channel.delivered_head:
                suspects[conversation_id] = channel.delivered_head
            channel.reads_version = max(channel.reads_version, reads_version)
            behind = [one for one in channel.subscriptions if one.live and one.reads_version < reads_version]
            if behind:
                self._hub.counts.reconciler_findings["read_receipts"] += 1
                lagging[conversation_id] = behind
        for conversation_id, behind in lagging.items():
            await self._resend_readings(conversation_id, behind)
        await self._resync(suspects)

    async def _heads(self, ids: list[UUID]) -> dict[UUID, tuple[int, int]]:
        found = await fetch(self._db, _HEADS, ids) if ids else []
        return {record["id"]: (record["last_seq"], record["reads_version"]) for record in found}

    async def _resync(self, suspects: dict[UUID, int]) -> None:
        """After a failover a log may end before what we told: clients must load afresh.

        A head that was read just before a commit which was told meanwhile looks the same, so it is read again.
        """
        for conversation_id, (last_seq, reads_version) in (await self._heads(list(suspects))).items():
            channel = self._hub.channels.get(conversation_id)
            if channel is None or last_seq >= suspects[conversation_id]:
                continue
            log.error("head_went_back", conversation=str(conversation_id), told=channel.delivered_head, head=last_seq)
            self._hub.counts.reconciler_findings["rewinds"] += 1
            self._hub.counts.resyncs += len(channel.subscriptions)
            self._hub.counts.frames_out["resync"] += len(channel.subscriptions)
            channel.rewind(last_seq, reads_version)

    async def _resend_readings(self, conversation_id: UUID, behind: list[Subscription]) -> None:
        """Read what the last of them misses, once, and write to each what it misses; sets, so twice does no harm."""
        version = min(subscription.reads_version for subscription in behind)
        while True:
            async with self._db.snapshot() as tx:
                missed = await read_receipts.read_states_since(tx, conversation_id, version, limit=READINGS_PAGE)
            for reading in missed:
                frames = read_receipt_frames(reading)
                self._hub.counts.frames_out["messages_read"] += len(behind) * len(frames)
                for subscription in behind:
                    if reading.version == subscription.reads_version + 1 and subscription.deliver_signals(frames):
                        subscription.reads_version = reading.version
            if len(missed) < READINGS_PAGE:
                return
            version = missed[-1].version
