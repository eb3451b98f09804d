"""The WebSocket endpoints, and the tickets for them.

Connections are refused after the handshake, by a close code, which browsers show to the page. Only an `Origin` that is
not allowed is refused before it, by HTTP 403.
"""

import re
from uuid import UUID

import structlog
from fastapi import APIRouter, Response, WebSocket
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import JsonResponse, new_id
from wasgo_chat.core.errors import ChatError, Forbidden, RateLimited, Unauthenticated
from wasgo_chat.gateway import tickets
from wasgo_chat.gateway.admission import Slot
from wasgo_chat.gateway.connection import Connection
from wasgo_chat.gateway.context import gateway_context
from wasgo_chat.gateway.delivery.notification_feed import NotificationFeed
from wasgo_chat.gateway.delivery.subscription import ResumePoint
from wasgo_chat.gateway.frames.client_frames import BEARER_PREFIX, SUBPROTOCOL
from wasgo_chat.gateway.tickets import TicketOut
from wasgo_chat.http.dependencies import Caller, Db, client_ip_bucket, rate_class
from wasgo_chat.http.problems import problem_responses, safe_name
from wasgo_chat.identity.authentication import Actor, UserLookup
from wasgo_chat.membership.lookups import PendingJoin

log = structlog.get_logger(__name__)
router = APIRouter()

_PARAMETERS = frozenset(["ticket"])
_CONVERSATION_PARAMETERS = frozenset(["after_seq", "epoch"])
_MAX_REASON_CHARS = 120
_CHAT_SOCKET = re.compile(r"/ws/chat/([^/]+)/")


@router.post(
    "/chat/ws_tickets/",
    tags=["sockets"],
    operation_id="create_socket_ticket",
    status_code=201,
    response_model=TicketOut,
    responses=problem_responses(401, 403, Forbidden),
)
@rate_class("ticket")
async def create_socket_ticket(caller: Caller, db: Db) -> Response:
    """Get a single-use ticket for `?ticket=`; it lives 30 seconds."""
    if caller.service is not None:
        raise Forbidden("Services open sockets with their own token")
    async with db.transaction() as tx:
        ticket = await tickets.issue(tx, caller)
    return JsonResponse(ticket, 201)


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> bool:
    """Handle the WebSocket paths directly, bypassing FastAPI's routing and middleware; False for any other path."""
    path: str = scope["path"]
    if path == "/ws/chat/":
        await multi_conversation_socket(WebSocket(scope, receive, send))
    elif path == "/ws/notifications/":
        await notification_socket(WebSocket(scope, receive, send))
    elif (match := _CHAT_SOCKET.fullmatch(path)) is not None:
        await conversation_socket(WebSocket(scope, receive, send), match[1])
    else:
        return False
    return True


async def conversation_socket(ws: WebSocket, conversation_id: str) -> None:
    """`ws/chat/{conversation_id}/`: one conversation."""
    if not await _accept(ws):
        return
    try:
        parsed_id = UUID(conversation_id)
    except ValueError:
        await ws.close(CloseCode.NOT_FOUND, "no such conversation")
        return
    await _serve(ws, parsed_id)


async def multi_conversation_socket(ws: WebSocket) -> None:
    """`ws/chat/`: many conversations, by `subscribe` and `unsubscribe`."""
    if await _accept(ws):
        await _serve(ws, None)


async def notification_socket(ws: WebSocket) -> None:
    """`ws/notifications/`: as `ws/chat/`, plus unread counts, conversations, presence and notifications of a user."""
    if await _accept(ws):
        await _serve(ws, None, feed=gateway_context(ws).notification_feed)


async def _accept(ws: WebSocket) -> bool:
    """Finish the handshake, unless the `Origin` is neither allowed nor the service's own."""
    origin = ws.headers.get("origin")
    allowed = gateway_context(ws).settings.allowed_origins
    # Clients that are not browsers send the service's own, such as React Native.
    if origin is not None and origin not in allowed and origin.lower() != _own_origin(ws):
        await ws.close(reason="This origin is not allowed")  # before `accept`: HTTP 403
        return False
    offered = ws.scope["subprotocols"]
    await ws.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    return True


def _own_origin(ws: WebSocket) -> str:
    """Scheme, host and port of the request, as a browser writes an origin."""
    scheme, default_port = ("https", ":443") if ws.scope["scheme"] == "wss" else ("http", ":80")
    return f"{scheme}://{ws.headers.get('host', '').lower().removesuffix(default_port)}"


async def _serve(ws: WebSocket, conversation_id: UUID | None, feed: NotificationFeed | None = None) -> None:
    """Apply the limits on new connections, then open and serve this one."""
    worker = gateway_context(ws)
    hub = worker.hub
    try:
        if hub.is_restarting:
            await ws.close(CloseCode.RESTARTING, hub.restart_reason())
            return
        with worker.address_limits.count(ws.client) as is_within_limit:
            if not is_within_limit:
                hub.counts.refusals["sockets_of_address"] += 1
                await ws.close(CloseCode.RATE_LIMITED, "too many connections from this address; retry after 60")
                return
            try:
                worker.rate_limits.count_address(client_ip_bucket(ws))
            except RateLimited as error:
                await ws.close(CloseCode.RATE_LIMITED, _too_many_connects(error))
                return
            try:
                slot = await worker.admission.acquire()
            except RateLimited as error:
                hub.counts.refusals["opening_sockets"] += 1
                await ws.close(CloseCode.OVERLOADED, f"busy; retry after {error.retry_after_s:.1f}")
                return
            try:
                await _open(ws, conversation_id, feed, slot)
            finally:
                slot.release()
    except WebSocketDisconnect:
        log.debug("socket_disconnected")


async def _open(ws: WebSocket, conversation_id: UUID | None, feed: NotificationFeed | None, slot: Slot) -> None:
    worker = gateway_context(ws)
    join = PendingJoin(worker.users_and_memberships, conversation_id) if conversation_id is not None else None
    try:
        resume = _resume_point(ws)
    except ValueError:
        await ws.close(CloseCode.MALFORMED, "after_seq must be an integer")
        return
    try:
        actor = await _authenticate_counted(ws, join.find_user if join is not None else None)
    except RateLimited as error:
        await ws.close(CloseCode.RATE_LIMITED, f"too many refused tokens; retry after {error.retry_after_s:g}")
        return
    except ChatError as error:
        code = CloseCode.OVERLOADED if error.status >= 500 else CloseCode.UNAUTHENTICATED
        await ws.close(code, error.detail)
        return
    if (unknown := _unknown_parameter(ws, conversation_id)) is not None:
        await ws.close(CloseCode.MALFORMED, f"unknown query parameter {safe_name(unknown)}"[:_MAX_REASON_CHARS])
        return
    try:
        worker.rate_limits.count_connect(actor.require_user())
    except RateLimited as error:
        await ws.close(CloseCode.RATE_LIMITED, _too_many_connects(error))
        return
    structlog.contextvars.bind_contextvars(
        user=actor.user_id,
        service=actor.service,
        connection=str(new_id()),
        conversation=str(conversation_id) if conversation_id else None,
    )
    connection = Connection(ws, actor, worker, conversation_id=conversation_id, feed=feed, on_open=slot.release)
    await connection.run(resume, join)


async def _authenticate_counted(ws: WebSocket, find: UserLookup | None) -> Actor:
    """Authenticate, and count refused tokens by address.

    Raises:
        RateLimited: too many tokens from this address were refused.
        ChatError: as `_authenticate`.
    """
    try:
        return await _authenticate(ws, find)
    except Unauthenticated:
        gateway_context(ws).rate_limits.count_failure(client_ip_bucket(ws))
        raise


async def _authenticate(ws: WebSocket, find: UserLookup | None) -> Actor:
    """Authenticate by header, subprotocol, ticket or cookie, in this order; never by a token in the query string.

    Raises:
        Unauthenticated, ScopeRequired, ActAsRequired: the credentials are missing or not accepted.
    """
    worker = gateway_context(ws)
    authenticator = worker.authenticator
    if "authorization" in ws.headers:
        actor = await authenticator.from_headers(ws.headers, find)
    elif bearers := [name for name in ws.scope["subprotocols"] if name.startswith(BEARER_PREFIX)]:
        actor = await authenticator.from_bearer(bearers[0].removeprefix(BEARER_PREFIX), find=find)
    elif ticket := ws.query_params.get("ticket"):
        async with worker.db.transaction() as tx:
            token = await tickets.redeem(tx, ticket)
        actor = await authenticator.from_user_token(token, find)
    elif (name := worker.settings.cookie_name) and (bearer := ws.cookies.get(name)):
        actor = await authenticator.from_bearer(bearer, find=find)
    else:
        raise Unauthenticated
    actor.require_user()
    return actor


def _unknown_parameter(ws: WebSocket, conversation_id: UUID | None) -> str | None:
    """A query parameter that the socket does not have: a misspelled `after_seq` would skip what was missed."""
    known = _PARAMETERS if conversation_id is None else _PARAMETERS | _CONVERSATION_PARAMETERS
    return next((name for name in ws.query_params if name not in known), None)


def _too_many_connects(error: RateLimited) -> str:
    return f"too many new connections; retry after {error.retry_after_s:g}"


def _resume_point(ws: WebSocket) -> ResumePoint | None:
    value = ws.query_params.get("after_seq")
    if value is None:
        return None
    if not value.lstrip("-").isdecimal() or len(value) > 20:
        raise ValueError
    return ResumePoint(int(value), ws.query_params.get("epoch"))
