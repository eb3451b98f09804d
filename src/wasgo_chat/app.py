"""`create_app`: the lifespan, the middleware and the routers of one worker. Nothing else lives here."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from wasgo_chat.api_docs.openapi import describe
from wasgo_chat.attachments import routes as attachments_routes
from wasgo_chat.attachments.cleanup import OrphanCleanup
from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.conversations import routes as inbox_routes
from wasgo_chat.core import gc_tuning
from wasgo_chat.core.config import Settings
from wasgo_chat.core.tasks import TaskSet
from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.driver import PinnedConnection, PinnedPool
from wasgo_chat.database.read_your_writes import HEADER, ReadAfterMiddleware
from wasgo_chat.database.replicas import Replicas
from wasgo_chat.database.session import Database
from wasgo_chat.gateway import routes as gateway_routes
from wasgo_chat.gateway.admission import ConnectionAdmission
from wasgo_chat.gateway.connection_limits import AddressLimits
from wasgo_chat.gateway.envelope import CONTROL_CHANNEL
from wasgo_chat.gateway.hub import Hub
from wasgo_chat.gateway.notification_feed import NotificationFeed
from wasgo_chat.gateway.publisher import Publisher
from wasgo_chat.gateway.reconciler import Reconciler
from wasgo_chat.http import static_pages
from wasgo_chat.http.fast_path import FastPathMiddleware
from wasgo_chat.http.problems import install_problem_handlers
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.http.request_log import RequestLogMiddleware
from wasgo_chat.http.security_headers import SecurityHeaders
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Authenticator
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.integrations.routes import router as integrations_router
from wasgo_chat.membership.lookups import fetch_memberships as places_of
from wasgo_chat.membership.lookups import fetch_users_and_memberships as entrances_of
from wasgo_chat.messages import routes as messages_routes
from wasgo_chat.messages.history import fast_path
from wasgo_chat.messages.read_receipts import fetch_read_states as readings_of
from wasgo_chat.messages.sending.group_commit import CONNECTIONS, GroupCommit
from wasgo_chat.notifications import routes as notifications_routes
from wasgo_chat.notifications.worker import NotificationWorker
from wasgo_chat.observability import health
from wasgo_chat.observability import routes as observability_routes
from wasgo_chat.observability.gauges import count_messages, register_gauges
from wasgo_chat.observability.otel import TracingSetup
from wasgo_chat.operators import routes as operators_routes
from wasgo_chat.presence.tracker import Presence
from wasgo_chat.presence.tracker import router as presence_router
from wasgo_chat.privacy import routes as privacy_routes
from wasgo_chat.privacy.erasure_worker import ErasureWorker
from wasgo_chat.pubsub import make_broker
from wasgo_chat.retention.worker import RetentionWorker
from wasgo_chat.support.routes import router as support_router
from wasgo_chat.telemetry.aggregation import Metrics

log = structlog.get_logger(__name__)

BACKGROUND_POOL_SIZE = 6
LOOKUP_CONNECTIONS = 4
PAGE_CONNECTIONS = 2
CONSUMER_CONNECTIONS = 1
KEYED_POOL_SIZE = CONNECTIONS + LOOKUP_CONNECTIONS + PAGE_CONNECTIONS + CONSUMER_CONNECTIONS
"""Kept by the group commit, the lookups, newest pages, and the reader of the log."""

_CORS: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Range", HEADER],
    "expose_headers": [
        "Accept-Ranges",
        "Content-Range",
        "ETag",
        "Idempotent-Replay",
        "Retry-After",
        HEADER,
        "X-Request-Id",
    ],
    "max_age": 600,
}

documents = APIRouter()


class ChatApp(FastAPI):
    """FastAPI with our request log around everything, FastAPI's own body limit and crash handler included.

    CORS is around the crash handler too: a page must be able to read what became of its request.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """See Starlette."""
        settings: Settings = self.state.settings
        stack: ASGIApp = FastPathMiddleware(
            super().build_middleware_stack(), {fast_path.PATH: fast_path.list_messages}, gateway_routes.serve_socket
        )
        replicas: Replicas = self.state.replicas
        if replicas.enabled:
            stack = ReadAfterMiddleware(stack, replicas)
        if settings.allowed_origins:
            stack = CORSMiddleware(stack, allow_origins=settings.allowed_origins, **_CORS)
        return RequestLogMiddleware(stack, SecurityHeaders(settings), self.state.metrics.counts)


def create_app(settings: Settings, *, metrics_folder: Path | None = None) -> FastAPI:  # noqa: PLR0915  a list of parts, not a procedure
    """One worker's app.

    Args:
        settings: of the deployment.
        metrics_folder: where the workers of this machine leave their numbers; None where there is one.

    Raises:
        UnsafeSettings: no key for tokens is set, or a channel of notifications is set up by halves.
    """
    worker = secrets.token_hex(6)
    metrics = Metrics(worker, metrics_folder)
    counts = metrics.counts
    traces = TracingSetup(settings, worker)
    broker = make_broker(settings.redis_url)
    background = TaskSet()
    rate_limits = RateLimits(settings, counts)
    db = Database(settings, counts=counts)
    # Doors may wait for row locks; what tells of commits and finds lost ones must not wait behind them.
    watching = Database(settings, pool_size=BACKGROUND_POOL_SIZE, outage=db.breaker, name="watching", counts=counts)
    lines = Database(settings, pool_size=KEYED_POOL_SIZE, outage=db.breaker, name="lines", by_key=True, counts=counts)
    group = GroupCommit(settings, db, lines, counts)
    presence = Presence(watching, settings.redis_url, worker)
    known = BatchLoader(PinnedConnection(lines), users.fetch_users)
    places = BatchLoader(PinnedConnection(lines), places_of)
    entrances = BatchLoader(PinnedConnection(lines), entrances_of)
    readings = BatchLoader(PinnedConnection(lines), readings_of)
    newest_pages = PinnedPool(lines, PAGE_CONNECTIONS)
    replicas = Replicas(settings, db, watching, counts)
    hub = Hub(settings, watching, broker, background, presence, places=places, readings=readings, counts=counts)
    feed = NotificationFeed(watching, counts)
    teller = Publisher(worker, hub, feed, watching, broker, background)
    head_check = Reconciler(settings, hub, watching)
    depot = AttachmentStore(settings, db)
    sweep = OrphanCleanup(depot)
    notifier = NotificationWorker(settings, db, lines, online=presence.online, counts=counts)
    eraser = ErasureWorker(db)

    rooms = (teller, sweep, notifier, eraser)
    told: list[Callable[[Sequence[object]], None]] = [
        partial(count_messages, counts),
        *(one.on_commit for one in rooms),
    ]

    def announce(announcements: Sequence[object]) -> None:
        for tell in told:
            try:
                tell(announcements)
            except Exception:
                # What is announced is committed: whoever asked for it is answered, and the head check tells the others.
                log.exception("not_announced")

    db.on_commit = announce
    presence.on_change = teller.presence_changed

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await broker.start(teller.on_message, head_check.trigger)
        await broker.subscribe(CONTROL_CHANNEL)
        background.spawn(metrics.run())
        background.spawn(teller.run())
        background.spawn(group.run())
        background.spawn(head_check.run())
        background.spawn(hub.watch_tokens())
        background.spawn(sweep.run())
        background.spawn(feed.run())
        gc_tuning.freeze_startup_objects()
        background.spawn(presence.run())
        background.spawn(notifier.run())
        background.spawn(eraser.run())
        background.spawn(RetentionWorker(db, counts).run())
        background.spawn(replicas.run())
        yield
        await background.stop()
        await notifier.close()
        await presence.close()
        await broker.close()
        await rate_limits.close()
        await group.close()
        await replicas.close()
        for lookups in (known, places, entrances, readings, newest_pages):
            await lookups.close()
        await lines.close()
        await watching.close()
        await db.close()
        metrics.write()
        await traces.close()

    app = ChatApp(
        title="wasgo-chat",
        version=version("wasgo-chat"),
        lifespan=lifespan,
        max_body_size=settings.max_body_bytes,
        redirect_slashes=False,
        telemetry=traces.telemetry,
    )
    app.state.settings = settings
    app.state.is_draining = False
    app.state.db = db
    app.state.group = group
    app.state.places = places
    app.state.newest_pages = newest_pages
    app.state.replicas = replicas
    app.state.lines = lines
    app.state.watching = watching
    app.state.entrances = entrances
    app.state.hub = hub
    app.state.metrics = metrics
    app.state.admission = ConnectionAdmission(settings.max_opening_sockets)
    app.state.teller = teller
    app.state.feed = feed
    app.state.addresses = AddressLimits(settings)
    app.state.presence = presence
    app.state.notifier = notifier
    app.state.broker = broker
    app.state.depot = depot
    app.state.rate_limits = rate_limits
    app.state.authenticator = Authenticator(TokenVerifier(settings), db, known)
    register_gauges(metrics, app.state)
    install_problem_handlers(app)
    for router in (
        inbox_routes.router,
        messages_routes.router,
        notifications_routes.router,
        integrations_router,
        presence_router,
        privacy_routes.router,
        operators_routes.router,
        support_router,
        gateway_routes.router,
        health.router,
        observability_routes.router,
        documents,
    ):
        app.include_router(router)
    app.include_router(attachments_routes.router, max_body_size=settings.max_attachment_bytes + settings.max_body_bytes)
    if settings.web:
        static_pages.mount(app, settings)
    describe(app)
    return app


@documents.get("/asyncapi.json", include_in_schema=False)
async def asyncapi() -> Response:
    """The AsyncAPI document of the sockets."""
    from wasgo_chat.api_docs.asyncapi import asyncapi_json  # noqa: PLC0415  a shape a frame, for this document only

    return Response(asyncapi_json(), media_type="application/json")
