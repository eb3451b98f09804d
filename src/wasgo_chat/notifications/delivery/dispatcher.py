"""Sends the deliveries that are due. Whether a delivery is sent is decided at that moment; each is sent once.

The claim is committed before anything is sent, and the outcome afterwards. After a crash between the two, the claim
expires and another worker takes over: it sends what was not handed over yet, and what the receiver recognizes by its id
(webhooks, push). An e-mail that was handed over may have arrived: it becomes a dead delivery, not a second e-mail.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, delete

from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import cancel_and_wait, forever
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.membership import access
from wasgo_chat.notifications import policy, preferences
from wasgo_chat.notifications.channels import make_channels
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.delivery.base import DeliveryChannel, DeliveryFailed, OutcomeUnknown, SubscriptionGone
from wasgo_chat.notifications.delivery.digest import NotificationDigest
from wasgo_chat.notifications.delivery.digest_builder import build_digest
from wasgo_chat.notifications.listing import IS_READ, notification_rows
from wasgo_chat.notifications.models import Delivery, Notification, PushSubscription
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

OnlineLookup = Callable[[Collection[str]], Awaitable[set[str]]]
"""Returns those of the users who are online."""

CONCURRENCY = 32
MAX_PER_USER = 2
"""Deliveries of one user that a worker sends at a time: a push service that a user names may take long to respond."""
MAX_SEND_S = queue.CLAIM_S / 2
_Running = dict[asyncio.Task[None], tuple[UUID, str]]
"""The deliveries in progress, with their ids and users."""

UNKNOWN_OUTCOME = "unknown_outcome"
CLAIM_LOST = "claim_lost"


async def everyone_offline(user_ids: Collection[str]) -> set[str]:
    """The lookup of a worker without presence."""
    return set()


class ClaimLost(Exception):
    """Another worker has claimed the delivery."""


class Dispatcher:
    """Decides on and sends due deliveries. Any number of workers may run one.

    Args:
        settings: which channels are enabled, and their settings.
        db: the database.
        online: finds the users who are online. They see the message on their socket and get no delivery.
        counts: the worker's counters.

    Raises:
        UnsafeSettings: an enabled channel is incomplete.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        *,
        online: OnlineLookup = everyone_offline,
        counts: WorkerCounters | None = None,
    ) -> None:
        self._counts = counts or WorkerCounters()
        self._settings = settings
        self._db = db
        self._online = online
        self._channels = make_channels(settings)
        # With a short delay, polling once a second would be most of the wait.
        self._poll_s = min(1.0, max(0.05, settings.notify_delay_s / 4))

    async def run(self) -> None:
        """Dispatch until cancelled, each channel at its own pace."""
        await asyncio.gather(*(self._run(channel) for channel in self._channels))

    async def close(self) -> None:
        for channel in self._channels.values():
            await channel.close()

    async def dispatch(self, channel: str) -> None:
        """Process the due deliveries of a channel: up to `CONCURRENCY` at a time, and `MAX_PER_USER` of one user.

        Deliveries that take long delay no others while places are free.

        Raises:
            Unavailable: the database does not respond.
        """
        running: _Running = {}
        try:
            while await self._start_due(channel, running) or running:
                _, slow = await asyncio.wait(running, timeout=self._poll_s)
                for task in running.keys() - slow:
                    del running[task]
                    task.result()
        except asyncio.CancelledError:
            await cancel_and_wait(*running)
            raise
        finally:
            if running:  # an error: what was claimed is sent and settled
                await asyncio.wait(running)

    async def claim(self, delivery_id: UUID, *, is_online: bool) -> tuple[NotificationDigest, int] | None:
        """Decide on one delivery. Claims it and returns its digest and the attempt's number if it is to be sent.

        Raises:
            Unavailable: the database does not respond.
        """
        async with self._db.transaction() as tx:
            delivery = await queue.lock(tx, delivery_id)
            if delivery is None:
                return None
            if not await self._settle_crashed(tx, delivery):
                digest = await self._decide(tx, delivery, is_online=is_online)
                return (digest, await queue.claim(tx, delivery)) if digest else None
            channel = delivery.channel
        self._counts.notification_deliveries[channel, "dead"] += 1
        return None

    async def _start_due(self, channel: str, running: "_Running") -> bool:
        """Start deliveries that are due, while places are free. Returns whether any was started."""
        is_any_started = False
        while (free := CONCURRENCY - len(running)) > 0:
            by_user = Counter(user_id for _, user_id in running.values())
            busy = [user_id for user_id, count in by_user.items() if count >= MAX_PER_USER]
            started = [delivery_id for delivery_id, _ in running.values()]
            async with self._db.snapshot() as tx:
                due = await queue.due(tx, channel, limit=free, except_ids=started, except_users=busy)
            online = await self._online({user_id for _, user_id in due}) if due else set()
            for delivery_id, user_id in due:
                by_user[user_id] += 1
                if by_user[user_id] <= MAX_PER_USER:
                    work = self._process(channel, delivery_id, is_online=user_id in online)
                    running[asyncio.create_task(work)] = (delivery_id, user_id)
                    is_any_started = True
            if len(due) < free:
                break  # no more are due, except of users who have enough in progress
        return is_any_started

    async def _run(self, channel: str) -> None:
        step = partial(self.dispatch, channel)
        await forever(step, failure="dispatch_failed", every_s=self._poll_s, channel=channel)

    async def _process(self, channel: str, delivery_id: UUID, *, is_online: bool) -> None:
        try:
            claimed = await self.claim(delivery_id, is_online=is_online)
        except Exception as error:
            log.exception("delivery_decision_failed", delivery=str(delivery_id), error=type(error).__name__)
            with contextlib.suppress(ChatError):
                async with self._db.transaction() as tx:
                    await queue.defer(tx, delivery_id, float(queue.CLAIM_S))
            return
        if claimed is not None:
            try:
                outcome = await self._send(self._channels[channel], *claimed)
                if outcome is not None:
                    self._counts.notification_deliveries[channel, outcome] += 1
            except ChatError as error:
                log.warning("delivery_not_settled", delivery=str(delivery_id), error=error.code)

    async def _send(self, channel: DeliveryChannel, digest: NotificationDigest, attempt: int) -> str | None:
        """Send a claimed delivery and settle it. Returns the outcome for the counter, None if the claim was lost."""
        is_handed_over = False

        async def before_handover() -> None:
            nonlocal is_handed_over
            async with self._db.transaction() as tx:
                if not await queue.mark_handed_over(tx, digest.id, attempt):
                    raise ClaimLost
            is_handed_over = True

        try:
            async with asyncio.timeout(MAX_SEND_S):
                await channel.send(digest, before_handover)
        except ClaimLost:
            return None
        except DeliveryFailed as error:
            return await self._settle_failed(digest, attempt, error)
        except Exception as error:
            if is_handed_over or isinstance(error, OutcomeUnknown):
                async with self._db.transaction() as tx:
                    await queue.mark_dead(tx, digest.id, attempt, UNKNOWN_OUTCOME)
                return "dead"
            if not isinstance(error, TimeoutError | ChatError):
                log.exception("delivery_channel_failed", delivery=str(digest.id))
            return await self._settle_failed(digest, attempt, DeliveryFailed(type(error).__name__))
        async with self._db.transaction() as tx:
            await queue.mark_sent(tx, digest.id, attempt)
        return "sent"

    async def _settle_failed(self, digest: NotificationDigest, attempt: int, error: DeliveryFailed) -> str:
        log.info("delivery_failed", delivery=str(digest.id), attempt=attempt, error=error.reason)
        async with self._db.transaction() as tx:
            if isinstance(error, SubscriptionGone) and digest.push_target is not None:
                endpoint = digest.push_target.endpoint
                await tx.execute(delete(PushSubscription).where(PushSubscription.endpoint == endpoint))
                await queue.drop(tx, digest.id)
                return "gone"
            if error.is_final:
                await queue.mark_dead(tx, digest.id, attempt, error.reason)
                return "dead"
            await queue.mark_failed(tx, digest.id, attempt, error.reason, retry_after_s=error.retry_after_s)
        return "dead" if attempt >= self._settings.notify_max_attempts else "retrying"

    async def _settle_crashed(self, tx: Tx, delivery: Delivery) -> bool:
        """Mark a delivery dead if a worker crashed while sending it and it must not be sent again."""
        if delivery.state != "sending":
            return False
        if delivery.handed_at is not None:
            await queue.mark_dead(tx, delivery.id, delivery.attempts, UNKNOWN_OUTCOME)
            return True
        if delivery.attempts >= self._settings.notify_max_attempts:
            await queue.mark_dead(tx, delivery.id, delivery.attempts, CLAIM_LOST)
            return True
        return False

    async def _decide(self, tx: Tx, delivery: Delivery, *, is_online: bool) -> NotificationDigest | None:
        """The digest to send now; None if the delivery was deferred or dropped."""
        general, overrides = await preferences.find_preferences(tx, delivery.user_id, delivery.conversation_id)
        participant = await access.find_current_participant(tx, delivery.conversation_id, delivery.user_id)
        unread = await _unread_notifications(tx, delivery)
        context = policy.DeliveryContext(
            preferences=general,
            for_conversation=overrides,
            is_participant=participant is not None,
            is_online=is_online,
            unread=[row.kind for row in unread],
        )
        decision = policy.decide(context, delivery.channel, datetime.now(UTC))
        if isinstance(decision, policy.Defer):
            await queue.defer(tx, delivery.id, decision.until)
            return None
        digest = None
        if isinstance(decision, policy.Send):
            wanted = [row for row in unread if policy.wants_kind(general, overrides, row.kind)]
            digest = await build_digest(tx, delivery, wanted)
        if digest is None:
            reason = decision.reason if isinstance(decision, policy.Skip) else "no_target"
            log.debug("delivery_dropped", delivery=str(delivery.id), reason=reason)
            await queue.drop(tx, delivery.id)
        return digest


async def _unread_notifications(tx: Tx, delivery: Delivery) -> Sequence[Row[Any]]:
    """The unread notifications of a delivery, oldest first."""
    statement = notification_rows().where(
        Notification.user_id == delivery.user_id,
        Notification.conversation_id == delivery.conversation_id,
        Notification.number.between(delivery.first_number, delivery.last_number),
        ~IS_READ,
    )
    rows: Sequence[Row[Any]] = (await tx.execute(statement.order_by(Notification.number))).all()
    return rows
