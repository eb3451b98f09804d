"""`create_app`: the middleware and the routers of one worker. `worker.py` holds what it runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from wasgo_chat.api_docs import reference
from wasgo_chat.api_docs.openapi import describe
from wasgo_chat.api_docs.served import document_handlers
from wasgo_chat.conversations import routes as conversation_routes
from wasgo_chat.database.read_your_writes import HEADER, ReadAfterMiddleware
from wasgo_chat.feature import Feature, FeatureOff
from wasgo_chat.feature_registry import FEATURES
from wasgo_chat.gateway import routes as gateway_routes
from wasgo_chat.http import static_pages
from wasgo_chat.http.body_encoding import JsonEncodingMiddleware
from wasgo_chat.http.fast_path import FastPathMiddleware
from wasgo_chat.http.head_requests import HeadMiddleware
from wasgo_chat.http.path_prefix import PathPrefixMiddleware, path_prefix
from wasgo_chat.http.problems import install_problem_handlers
from wasgo_chat.http.refusal_limit import RefusalLimitMiddleware
from wasgo_chat.http.request_log import RequestLogMiddleware
from wasgo_chat.http.security_headers import SecurityHeaders
from wasgo_chat.http.untrusted_proxies import UntrustedProxyNotice
from wasgo_chat.http.user_turns import UserTurnsMiddleware
from wasgo_chat.messages import routes as message_routes
from wasgo_chat.messages.history import fast_path
from wasgo_chat.observability import health
from wasgo_chat.observability import routes as observability_routes
from wasgo_chat.operators import routes as operator_routes
from wasgo_chat.privacy import routes as privacy_routes
from wasgo_chat.settings.config import Settings
from wasgo_chat.worker import Worker

_CORS: dict[str, Any] = {
    "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
    "allow_headers": [
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-None-Match",
        "If-Range",
        "Range",
        HEADER,
        # Of the page's tracing: the trace continues in the service.
        "Baggage",
        "Sentry-Trace",
        "Traceparent",
        "Tracestate",
    ],
    "expose_headers": [
        "Accept-Ranges",
        "Content-Disposition",
        "Content-Range",
        "ETag",
        "Idempotent-Replay",
        "Retry-After",
        HEADER,
        "X-Request-Id",
    ],
    "max_age": 600,
}


class ChatApp(FastAPI):
    """FastAPI inside the service's own middleware.

    The request log is outermost, so that it covers FastAPI's body limit and crash handler too. CORS is outside the
    crash handler: a page must be able to read the response to a failed request. The path is shortened before all of it.
    """

    def build_middleware_stack(self) -> ASGIApp:
        worker: Worker = self.state.worker
        settings = worker.settings
        handlers = {fast_path.PATH: fast_path.list_messages, **document_handlers(self)}
        stack: ASGIApp = FastPathMiddleware(super().build_middleware_stack(), handlers, gateway_routes.serve_socket)
        stack = JsonEncodingMiddleware(stack)
        stack = UserTurnsMiddleware(stack, worker.user_turns)
        stack = HeadMiddleware(stack)
        stack = RefusalLimitMiddleware(stack, settings, worker.counts)
        if worker.replicas.enabled:
            stack = ReadAfterMiddleware(stack, worker.replicas)
        if settings.allowed_origins:
            stack = CORSMiddleware(stack, allow_origins=settings.allowed_origins, **_CORS)
        stack = UntrustedProxyNotice(RequestLogMiddleware(stack, SecurityHeaders(settings), worker.counts))
        prefix = path_prefix(settings)
        return PathPrefixMiddleware(stack, prefix) if prefix else stack


def create_app(settings: Settings, *, metrics_folder: Path | None = None, workers: int = 1) -> FastAPI:
    """Build the app of one worker.

    Args:
        settings: of the deployment.
        metrics_folder: see `Worker`.
        workers: see `Worker`.

    Raises:
        UnsafeSettings: see `Worker`.
    """
    worker = Worker(settings, metrics_folder=metrics_folder, workers=workers)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await worker.start()
        yield
        await worker.stop()

    app = ChatApp(
        title="wasgo-chat",
        version=version("wasgo-chat"),
        lifespan=lifespan,
        max_body_size=settings.max_json_bytes,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry=worker.tracing.telemetry,
    )
    app.state.worker = worker
    install_problem_handlers(app)
    for router in (
        conversation_routes.router,
        message_routes.router,
        privacy_routes.router,
        operator_routes.router,
        gateway_routes.router,
        health.router,
        observability_routes.router,
    ):
        app.include_router(router)
    for feature in FEATURES:
        _include_feature(app, feature, settings)
    if settings.api_reference:
        reference.mount(app)
    if settings.web:
        static_pages.mount(app, settings)
    describe(app, path_prefix(settings) or "/")
    return app


def _include_feature(app: FastAPI, feature: Feature, settings: Settings) -> None:
    """Mount the routes of a feature. If it is off, they answer 403 `feature_off` before anything else is done."""
    for router in feature.routers:
        if not feature.is_on(settings):
            for route in router.routes:
                app.router.add_route(route.path, _refuse, methods=sorted(route.methods), include_in_schema=False)  # type: ignore[attr-defined]  # an APIRoute
        elif feature.max_body_bytes is not None:
            app.include_router(router, max_body_size=feature.max_body_bytes(settings))
        else:
            app.include_router(router)


async def _refuse(request: Request) -> Response:
    raise FeatureOff
