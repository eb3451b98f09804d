"""`GET /metrics` and its access control."""

import asyncio
import hmac

from fastapi import APIRouter, Request, Response

from wasgo_chat.core.errors import NotFound, Unauthenticated
from wasgo_chat.core.ip_ranges import is_public
from wasgo_chat.http.context import http_context
from wasgo_chat.http.dependencies import client_ip_bucket
from wasgo_chat.http.untrusted_proxies import forwarding_peer
from wasgo_chat.observability.context import observability_context
from wasgo_chat.observability.prometheus import render_metrics

router = APIRouter()

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """The metrics of all workers of this machine, for Prometheus."""
    _check_may_read(request)
    snapshot = await observability_context(request).metrics.aggregate()
    body, content_type = await asyncio.to_thread(render_metrics, snapshot, request.headers.get("accept", ""))
    return Response(body, headers={"content-type": content_type})


def _check_may_read(request: Request) -> None:
    """Require the configured token, or else a direct connection from a loopback or private address.

    Raises:
        Unauthenticated: the token is missing or wrong.
        NotFound: no token is configured, and the client is not local.
    """
    settings = http_context(request).settings
    if settings.metrics_token is not None:
        expected = b"Bearer " + settings.metrics_token.get_secret_value().encode()
        received = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(expected, received):
            http_context(request).rate_limits.count_failure(client_ip_bucket(request))
            raise Unauthenticated
        return
    if not _is_local(request):
        raise NotFound


def _is_local(request: Request) -> bool:
    """Whether the client is local. A forwarded request counts only if its proxy is trusted."""
    if request.client is None:
        return False
    if not http_context(request).settings.trusted_proxies and any(name in request.headers for name in _FORWARDED):
        return False
    if forwarding_peer(request.scope) is not None:
        return False
    try:
        return not is_public(request.client.host)
    except ValueError:  # a proxy may forward names instead of addresses
        return False
