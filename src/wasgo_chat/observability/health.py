"""Health endpoints: `/healthz` (liveness) and `/readyz` (readiness)."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response

from wasgo_chat.core.encoding import JsonResponse, ResponseModel
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.observability.context import ObservabilityContext, observability_context

router = APIRouter(tags=["health"])

_running: dict[ObservabilityContext, asyncio.Task[dict[str, str]]] = {}


class Health(ResponseModel):
    """The process is alive."""

    status: Literal["ok"]


class Readiness(ResponseModel):
    """Whether the process can serve requests, and the results of its checks."""

    status: Literal["ready", "not_ready", "draining"]
    checks: dict[str, str]


@router.get("/healthz", operation_id="get_health", response_model=Health)
async def healthz() -> Response:
    """Return 200 while this process is alive."""
    return JsonResponse({"status": "ok"})


@router.get(
    "/readyz",
    operation_id="get_readiness",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready."}},
)
async def readyz(request: Request) -> Response:
    """Return 200 if the database is up and migrated and the process is not draining. Redis may be down."""
    worker = observability_context(request)
    checks = await _shared_checks(worker)
    is_ready = checks["database"] == "ok" and checks["migrations"] in ("ok", "ahead") and not worker.is_draining
    status = "draining" if worker.is_draining else "ready" if is_ready else "not_ready"
    return JsonResponse({"status": status, "checks": checks}, 200 if is_ready else 503)


async def _shared_checks(worker: ObservabilityContext) -> dict[str, str]:
    """The checks in progress, or new ones. Concurrent requests share them: no limit counts the requests."""
    running = _running.get(worker)
    if running is None:
        running = _running[worker] = asyncio.create_task(_checks(worker))
        running.add_done_callback(lambda _: _running.pop(worker, None))
    return await asyncio.shield(running)


async def _checks(worker: ObservabilityContext) -> dict[str, str]:
    """Check results by name. `migrations` is `ahead` if a newer release has migrated the database."""
    checks = {"database": "ok", "migrations": "unknown", "redis": "none"}
    try:
        await worker.db.ping()
        revisions = await migrations.applied_revisions(worker.db)
        if revisions == {migrations.head_revision()}:
            checks["migrations"] = "ok"
        else:
            checks["migrations"] = "ahead" if migrations.is_newer_than_program(revisions) else "behind"
    except Unavailable:
        checks["database"] = "unavailable"
    if worker.settings.redis_url:
        # The known state, without a request: a hanging Redis must not delay the readiness probe.
        checks["redis"] = "ok" if worker.broker.is_up else "degraded"
    return checks
