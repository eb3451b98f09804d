"""`Worker`: everything one worker process runs. It is built from the settings, started once and stopped once."""

import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from wasgo_chat import feature_registry
from wasgo_chat.core import gc_tuning
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database.after_commit import CommitListeners
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.pinned import PinnedConnection, PinnedPool
from wasgo_chat.database.replicas import Replicas
from wasgo_chat.database.session import Database
from wasgo_chat.events.log import LogAdvanced
from wasgo_chat.feature import FeatureOff, Part, Parts
from wasgo_chat.feed import worker_feed
from wasgo_chat.feed.sequencer import FeedAdvanced
from wasgo_chat.feed.worker_feed import WorkerFeed
from wasgo_chat.gateway.admission import AddressLimits, ConnectionAdmission
from wasgo_chat.gateway.broadcast.envelope import CONTROL_CHANNEL
from wasgo_chat.gateway.broadcast.publisher import Publisher
from wasgo_chat.gateway.broadcast.subscriber import BroadcastSubscriber
from wasgo_chat.gateway.delivery.hub import Hub
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed
from wasgo_chat.gateway.delivery.reconciler import Reconciler
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.http.user_turns import UserTurns
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Authenticator
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.membership.create import ConversationCreated
from wasgo_chat.membership.lookups import fetch_memberships, fetch_users_and_memberships
from wasgo_chat.messages.operations import MessageCounted
from wasgo_chat.messages.read_receipts import MessagesMarkedRead, fetch_read_states
from wasgo_chat.messages.sending.group_commit import CONNECTIONS, GroupCommit, MessageStored
from wasgo_chat.notifications.listing import NotificationsCreated
from wasgo_chat.observability.gauges import count_messages, register_gauges
from wasgo_chat.observability.otel import TracingSetup
from wasgo_chat.observability.schema_check import SchemaCheck
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.privacy.erasure import ErasureRequested
from wasgo_chat.privacy.erasure_task import ErasureTask
from wasgo_chat.pubsub import make_broker
from wasgo_chat.retention.task import RetentionTask
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.aggregation import Metrics
from wasgo_chat.telemetry.counters import WorkerCounters

BACKGROUND_POOL_SIZE = 6
LOOKUP_CONNECTIONS = 4
PAGE_CONNECTIONS = 2
FEED_CONNECTIONS = worker_feed.CONNECTIONS + len(feature_registry.CONSUMERS)
KEYED_POOL_SIZE = CONNECTIONS + LOOKUP_CONNECTIONS + PAGE_CONNECTIONS + FEED_CONNECTIONS
"""Connections for the group commit, the batch loaders, newest pages and the feed."""


class Worker:
    """The parts of one worker, and their order at start and stop.

    Args:
        settings: of the deployment.
        metrics_folder: where the workers of this machine write their metrics; None for a single worker.
        workers: how many workers write their metrics there.

    Raises:
        UnsafeSettings: no key for tokens is set, or the settings of a notification channel are incomplete.
    """

    def __init__(self, settings: Settings, *, metrics_folder: Path | None = None, workers: int = 1) -> None:
        self.settings = settings
        self.name = secrets.token_hex(6)
        self.is_draining = False
        self.metrics = Metrics(self.name, metrics_folder, workers=workers)
        self.tracing = TracingSetup(settings, self.name)
        self.broker = make_broker(settings.redis_url, settings.redis_prefix)
        self.tasks = TaskSet()
        self.listeners = CommitListeners()
        self.rate_limits = RateLimits(settings, self.counts)
        self.user_turns = UserTurns(settings, self.counts)

        database = partial(Database, settings, counts=self.counts, listeners=self.listeners)
        self.db = database(name="request")
        # Requests may wait for row locks. Publishing commits and finding lost ones must not wait behind them.
        self.background_db = database(name="background", pool_size=BACKGROUND_POOL_SIZE, breaker=self.db.breaker)
        self.keyed_db = database(name="keyed", pool_size=KEYED_POOL_SIZE, breaker=self.db.breaker, generic_plans=True)
        self.schema_check = SchemaCheck(self.db)
        self.replicas = Replicas(settings, self.db, self.background_db, self.counts)
        self.users = BatchLoader(self._pinned(), users.fetch_users)
        self.memberships = BatchLoader(self._pinned(), fetch_memberships)
        self.users_and_memberships = BatchLoader(self._pinned(), fetch_users_and_memberships)
        self.read_states = BatchLoader(self._pinned(), fetch_read_states)
        self.newest_pages = PinnedPool(self.keyed_db, PAGE_CONNECTIONS)
        self.authenticator = Authenticator(TokenVerifier(settings), self.db, self.users)
        self.group_commit = GroupCommit(settings, self.db, self.keyed_db, self.counts)

        self._parts: dict[type, object] = {}
        self._feature_parts: list[Parts] = []
        for feature in feature_registry.FEATURES:
            parts = (feature.build if feature.is_on(settings) else feature.build_off)(self)
            self._feature_parts.append(parts)
            self._parts.update({type(part): part for part in parts.provides})

        self.feed = WorkerFeed(
            self.db,
            self.keyed_db,
            self.background_db,
            feature_registry.consumers_to_run(self),
            keep_days=settings.feed_days,
            counts=self.counts,
        )
        self.hub = Hub(
            settings,
            self.background_db,
            self.broker,
            self.tasks,
            self.part(Presence),
            memberships=self.memberships,
            read_states=self.read_states,
            counts=self.counts,
        )
        self.commands = feature_registry.command_registry(settings)
        self.feature_names = feature_registry.listed_features(settings)
        self.notification_feed = NotificationFeed(self.background_db, self.counts)
        self.publisher = Publisher(self.name, self.hub, self.notification_feed, self.background_db, self.broker)
        self.remote_subscriber = BroadcastSubscriber(
            self.name,
            self.hub,
            self.notification_feed,
            self.tasks,
            on_logs_advanced=self.feed.logs_advanced,
            on_feed_advanced=self.feed.feed_advanced,
        )
        self.reconciler = Reconciler(settings, self.hub, self.background_db)
        self.admission = ConnectionAdmission(settings.max_opening_sockets)
        self.address_limits = AddressLimits(settings)
        # Also of features that are off: what they stored before is still exported and erased.
        self.personal_data = [feature.personal_data for feature in feature_registry.FEATURES]
        self.erasures = ErasureTask(self.db, self.personal_data)
        self.retention = RetentionTask(
            self.db, self.counts, [one for feature in feature_registry.FEATURES for one in feature.retention]
        )

        self.listeners.add(partial(count_messages, self.counts), MessageStored, MessageCounted)
        self.listeners.add(
            self.publisher.on_commit,
            LogAdvanced,
            MessagesMarkedRead,
            ConversationCreated,
            NotificationsCreated,
            users.UserRevoked,
            FeedAdvanced,
        )
        self.listeners.add(self.feed.logs_advanced, LogAdvanced)
        self.listeners.add(self.feed.feed_advanced, FeedAdvanced)
        self.listeners.add(self.erasures.wake, ErasureRequested)
        self.part(Presence).add_listener(self.publisher.presence_changed)
        register_gauges(self)

    @property
    def counts(self) -> WorkerCounters:
        """The counters of this worker."""
        return self.metrics.counts

    @property
    def consumer_names(self) -> Sequence[str]:
        """The consumers of the feed that the workers of this deployment run."""
        return [consumer.name for consumer in self.feed.consumers]

    def part(self, kind: type[Part]) -> Part:
        """A part of a feature, by its type or a base of it.

        Raises:
            FeatureOff: the feature that provides it is switched off.
        """
        if (part := self._parts.get(kind)) is None:
            part = next((one for one in self._parts.values() if isinstance(one, kind)), None)
        if part is None:
            raise FeatureOff
        assert isinstance(part, kind)  # noqa: S101  it was found by its type
        return part

    async def start(self) -> None:
        """Subscribe at the broker, then run every loop."""
        await self.broker.start(self.remote_subscriber.on_message, self.reconciler.trigger)
        await self.broker.subscribe(CONTROL_CHANNEL)
        loops: list[Any] = [
            self.metrics.run,
            self.publisher.run,
            self.group_commit.run,
            self.reconciler.run,
            self.hub.watch_tokens,
            self.notification_feed.run,
            self.erasures.run,
            self.retention.run,
            self.replicas.run,
            *self.feed.loops,
            *(run for parts in self._feature_parts for run in parts.run),
        ]
        gc_tuning.freeze_startup_objects()
        for run in loops:
            self.tasks.spawn(run())

    async def stop(self) -> None:
        """End every loop, then close connections: first those of the parts, the pools last."""
        await self.tasks.stop()
        await self.feed.close()
        for parts in self._feature_parts:
            for close in parts.close:
                await close()
        await self.broker.close()
        await self.rate_limits.close()
        await self.group_commit.close()
        await self.replicas.close()
        for loader in (self.users, self.memberships, self.users_and_memberships, self.read_states):
            await loader.close()
        await self.newest_pages.close()
        for db in (self.keyed_db, self.background_db, self.db):
            await db.close()
        self.metrics.write()
        await self.tracing.close()

    def _pinned(self) -> PinnedConnection:
        return PinnedConnection(self.keyed_db)
