"""`GET /metrics`, and who may read it."""

import asyncio
import hmac

from fastapi import APIRouter, Request, Response

from wasgo_chat.core.errors import NotFound, Unauthenticated
from wasgo_chat.core.ip_ranges import is_public
from wasgo_chat.http.context import http_context
from wasgo_chat.http.dependencies import client_ip_bucket
from wasgo_chat.observability.context import observability_context
from wasgo_chat.observability.prometheus import render_metrics

router = APIRouter()

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """The numbers of all workers of this machine, for Prometheus."""
    _check_may_read(request)
    whole = await observability_context(request).metrics.aggregate()
    body, content_type = await asyncio.to_thread(render_metrics, whole, request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type})


def _check_may_read(request: Request) -> None:
    """With a token set, who has it; else whoever is on this machine or network and did not come through a proxy.

    Raises:
        Unauthenticated: a token is asked for.
        NotFound: to everybody else there is nothing here.
    """
    settings = http_context(request).settings
    if settings.metrics_token is not None:
        wanted = b"Bearer " + settings.metrics_token.get_secret_value().encode()
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(wanted, given):
            http_context(request).rate_limits.count_failure(client_ip_bucket(request))
            raise Unauthenticated
        return
    if not _is_inside(request):
        raise NotFound


def _is_inside(request: Request) -> bool:
    """An address is the caller's own only if nobody has forwarded the request, or somebody who is trusted has."""
    if request.client is None:
        return False
    if not http_context(request).settings.trusted_proxies and any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return not is_public(request.client.host)
    except ValueError:  # a proxy may pass names of its own on
        return False
