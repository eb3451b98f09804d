"""Deliveries leave here: who is told is decided now, from what is true now, and each goes out once.

The claim is committed before anything is sent and the outcome after it. A crash between the two is found when the
claim runs out: what was not handed over yet is sent by another worker, and so is what the receiver knows by its id
(webhooks, push). A mail that was handed over may have arrived: it becomes a dead letter instead of a second mail.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, delete, select

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.identity import users
from wasgo_chat.membership import access
from wasgo_chat.membership.models import Conversation
from wasgo_chat.notifications import policy, preferences
from wasgo_chat.notifications.delivery import content, queue
from wasgo_chat.notifications.delivery.base import DeliveryChannel, DeliveryFailed, OutcomeUnknown, SubscriptionGone
from wasgo_chat.notifications.delivery.content import NotificationDigest
from wasgo_chat.notifications.fanout import channels_of
from wasgo_chat.notifications.listing import IS_READ, notification_rows
from wasgo_chat.notifications.models import Delivery, Notification, PushSubscription
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

OnlineLookup = Callable[[Collection[str]], Awaitable[set[str]]]
"""Of these users, those who are online now."""

CONCURRENCY = 16
LONGEST_SEND_S = queue.CLAIM_S / 2
UNKNOWN = "unknown_outcome"

_CHANNEL_CLASSES = {"email": "EmailChannel", "push": "PushChannel", "webhook": "WebhookChannel"}
"""By channel, its class in the module of that name: loaded where it is set up, as most of them bring a lot along."""


async def everyone_offline(user_ids: Collection[str]) -> set[str]:
    """Nobody is online, as far as is known."""
    return set()


def make_channels(settings: Settings) -> dict[str, DeliveryChannel]:
    """The channels that are set up, by name.

    Raises:
        UnsafeSettings: one is set up by halves; the message says which variable to set.
    """
    folder = "wasgo_chat.notifications.delivery"
    return {
        name: getattr(import_module(f"{folder}.{name}"), _CHANNEL_CLASSES[name])(settings)
        for name in channels_of(settings)
    }


class ClaimLost(Exception):
    """Another worker took over: whatever was about to be sent is theirs."""


class Dispatcher:
    """What decides and sends the deliveries of one worker; any number may run beside each other.

    Args:
        settings: which channels are set up, and how.
        db: where the deliveries are.
        online: tells who is online; they are told by their socket and by nothing else.
        counts: of the worker.

    Raises:
        UnsafeSettings: a channel is set up by halves.
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
        # With a short delay a second would be most of the wait.
        self._poll_s = min(1.0, max(0.05, settings.notify_delay_s / 4))

    async def run(self) -> None:
        """Dispatch for ever, each channel at its own pace."""
        await asyncio.gather(*(self._run(channel) for channel in self._channels))

    async def close(self) -> None:
        """Close the channels' connections."""
        for channel in self._channels.values():
            await channel.close()

    async def dispatch(self, channel: str) -> int:
        """Decide and send what is due on a channel, up to `CONCURRENCY` at a time; how many were due.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._db.snapshot() as tx:
            found = await queue.due(tx, channel, limit=CONCURRENCY)
        if found:
            online = await self._online({user_id for _, user_id in found})
            await asyncio.gather(*(self._process(channel, key, is_online=user_id in online) for key, user_id in found))
        return len(found)

    async def claim(self, delivery_id: UUID, *, is_online: bool) -> tuple[NotificationDigest, int] | None:
        """Decide one delivery, and claim it where it is to be sent: its letter and the number of the attempt.

        Raises:
            Unavailable: the database does not answer.
        """
        async with self._db.transaction() as tx:
            delivery = await queue.lock(tx, delivery_id)
            if delivery is None:
                return None
            if not await self._settle_crashed(tx, delivery):
                letter = await self._decide(tx, delivery, is_online=is_online)
                return (letter, await queue.claim(tx, delivery)) if letter else None
            channel = delivery.channel
        self._counts.notification_deliveries[channel, "dead"] += 1
        return None

    async def _run(self, channel: str) -> None:
        while True:
            try:
                if await self.dispatch(channel) == CONCURRENCY:
                    continue  # there may be more
            except ChatError as error:
                log.warning("dispatch_failed", channel=channel, error=error.code)
            except Exception:
                log.exception("dispatch_failed", channel=channel)  # the next turn may find better weather
            await asyncio.sleep(self._poll_s)

    async def _process(self, channel: str, delivery_id: UUID, *, is_online: bool) -> None:
        try:
            claimed = await self.claim(delivery_id, is_online=is_online)
        except Exception as error:
            log.exception("decision_failed", delivery=str(delivery_id), error=type(error).__name__)
            with contextlib.suppress(ChatError):
                async with self._db.transaction() as tx:
                    await queue.defer(tx, delivery_id, float(queue.CLAIM_S))
            return
        if claimed is not None:
            try:
                became = await self._send(self._channels[channel], *claimed)
                if became is not None:
                    self._counts.notification_deliveries[channel, became] += 1
            except ChatError as error:
                log.warning("delivery_not_settled", delivery=str(delivery_id), error=error.code)

    async def _send(self, channel: DeliveryChannel, letter: NotificationDigest, attempt: int) -> str | None:
        """What became of it, as it is counted; None where another worker took over."""
        was_handed = False

        async def hand() -> None:
            nonlocal was_handed
            async with self._db.transaction() as tx:
                if not await queue.mark_handed_over(tx, letter.id, attempt):
                    raise ClaimLost
            was_handed = True

        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                await channel.send(letter, hand)
        except ClaimLost:
            return None
        except DeliveryFailed as error:
            return await self._failed(letter, attempt, error)
        except Exception as error:
            if was_handed or isinstance(error, OutcomeUnknown):
                async with self._db.transaction() as tx:
                    await queue.mark_dead(tx, letter.id, attempt, UNKNOWN)
                return "dead"
            if not isinstance(error, TimeoutError | ChatError):
                log.exception("sending_failed", delivery=str(letter.id))
            return await self._failed(letter, attempt, DeliveryFailed(type(error).__name__))
        async with self._db.transaction() as tx:
            await queue.sent(tx, letter.id, attempt)
        return "sent"

    async def _failed(self, letter: NotificationDigest, attempt: int, error: DeliveryFailed) -> str:
        log.info("delivery_failed", delivery=str(letter.id), attempt=attempt, error=error.reason)
        async with self._db.transaction() as tx:
            if isinstance(error, SubscriptionGone) and letter.push_subscription is not None:
                endpoint = letter.push_subscription[0]
                await tx.execute(delete(PushSubscription).where(PushSubscription.endpoint == endpoint))
                await queue.drop(tx, letter.id)
                return "gone"
            if error.is_final:
                await queue.mark_dead(tx, letter.id, attempt, error.reason)
                return "dead"
            await queue.failed(tx, letter.id, attempt, error.reason, retry_after_s=error.retry_after_s)
        return "dead" if attempt >= self._settings.notify_max_attempts else "retrying"

    async def _settle_crashed(self, tx: Tx, delivery: Delivery) -> bool:
        """Settle what a crash left claimed, where it cannot be sent again."""
        if delivery.state != "sending":
            return False
        if delivery.handed_at is not None:
            await queue.mark_dead(tx, delivery.id, delivery.attempts, UNKNOWN)
            return True
        if delivery.attempts >= self._settings.notify_max_attempts:
            await queue.mark_dead(tx, delivery.id, delivery.attempts, "claim_lost")
            return True
        return False

    async def _decide(self, tx: Tx, delivery: Delivery, *, is_online: bool) -> NotificationDigest | None:
        general, here = await preferences.find_preferences(tx, delivery.user_id, delivery.conversation_id)
        member = await access.find_current_participant(tx, delivery.conversation_id, delivery.user_id)
        rows = await _unread(tx, delivery)
        wanted, wanted_here = preferences.to_preferences(general), preferences.to_preferences_for_conversation(here)
        facts = policy.DeliveryContext(
            preferences=wanted,
            for_conversation=wanted_here,
            is_participant=member is not None,
            is_online=is_online,
            unread=[row.kind for row in rows],
        )
        verdict = policy.decide(facts, delivery.channel, datetime.now(UTC))
        if isinstance(verdict, policy.Defer):
            await queue.defer(tx, delivery.id, verdict.until)
            return None
        letter = None
        if isinstance(verdict, policy.Send):
            letter = await self._build_digest(
                tx, delivery, [row for row in rows if policy.wants_kind(wanted, wanted_here, row.kind)]
            )
        if letter is None:
            reason = verdict.reason if isinstance(verdict, policy.Skip) else "no_target"
            log.debug("delivery_dropped", delivery=str(delivery.id), reason=reason)
            await queue.drop(tx, delivery.id)
        return letter

    async def _build_digest(self, tx: Tx, delivery: Delivery, rows: Sequence[Row[Any]]) -> NotificationDigest | None:
        """The letter, or None where the address or the browser is no more."""
        address, browser = None, None
        if delivery.channel == "email":
            user = await users.find(tx, delivery.user_id)
            address = user.email if user else None
            if not address:
                return None
        elif delivery.channel == "push":
            mine = (PushSubscription.id == UUID(delivery.target)) & (PushSubscription.user_id == delivery.user_id)
            found = (await tx.execute(select(PushSubscription).where(mine))).scalar_one_or_none()
            if found is None:
                return None
            browser = (found.endpoint, found.p256dh, found.auth)
        kind = select(Conversation.conversation_type).where(Conversation.id == delivery.conversation_id)
        conversation_type = (await tx.execute(kind)).scalar_one()
        return content.build(self._settings, delivery, conversation_type, rows, address=address, browser=browser)


async def _unread(tx: Tx, delivery: Delivery) -> Sequence[Row[Any]]:
    """The notifications of a delivery that nobody has read yet, oldest first."""
    statement = notification_rows().where(
        Notification.user_id == delivery.user_id,
        Notification.conversation_id == delivery.conversation_id,
        Notification.number.between(delivery.first_number, delivery.last_number),
        ~IS_READ,
    )
    rows: Sequence[Row[Any]] = (await tx.execute(statement.order_by(Notification.number))).all()
    return rows
