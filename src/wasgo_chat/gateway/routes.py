"""The doors of the sockets, and the tickets to them. Refusals come after the handshake, so that browsers see why;
only a foreign `Origin` is refused before it.
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
from wasgo_chat.gateway.client_frames import BEARER_PREFIX, SUBPROTOCOL
from wasgo_chat.gateway.connection import Connection
from wasgo_chat.gateway.context import gateway_context
from wasgo_chat.gateway.notification_feed import NotificationFeed
from wasgo_chat.gateway.tickets import TicketOut
from wasgo_chat.http.dependencies import Caller, Db, client_ip_bucket, rate_class
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity.authentication import Actor, UserLookup
from wasgo_chat.membership.lookups import PendingJoin

log = structlog.get_logger(__name__)
router = APIRouter()

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
        raise Forbidden("A service opens sockets with its own token")
    async with db.transaction() as tx:
        return_value = await tickets.issue(tx, caller)
    return JsonResponse(return_value, 201)


async def serve_socket(scope: Scope, receive: Receive, send: Send) -> bool:
    """Serve a socket, where its path is one of ours; before FastAPI's layers, of which none has a part in it."""
    path: str = scope["path"]
    if path == "/ws/chat/":
        await multi_conversation_socket(WebSocket(scope, receive, send))
    elif path == "/ws/notifications/":
        await notification_socket(WebSocket(scope, receive, send))
    elif (found := _CHAT_SOCKET.fullmatch(path)) is not None:
        await chat_socket(WebSocket(scope, receive, send), found[1])
    else:
        return False
    return True


async def chat_socket(ws: WebSocket, conversation_id: str) -> None:
    """The socket of one conversation."""
    if not await _accept(ws):
        return
    try:
        own = UUID(conversation_id)
    except ValueError:
        await ws.close(CloseCode.NOT_FOUND, "no such conversation")
        return
    await _serve(ws, own)


async def multi_conversation_socket(ws: WebSocket) -> None:
    """The socket for many conversations: `subscribe` and `unsubscribe`."""
    if await _accept(ws):
        await _serve(ws, None)


async def notification_socket(ws: WebSocket) -> None:
    """The socket of a user: counts, conversations, presence, notifications; takes the same frames."""
    if await _accept(ws):
        await _serve(ws, None, feed=gateway_context(ws).notification_feed)


async def _accept(ws: WebSocket) -> bool:
    """Finish the handshake, unless the page that asks is not allowed to."""
    origin = ws.headers.get("origin")
    if origin is not None and origin not in gateway_context(ws).settings.allowed_origins:
        await ws.close(reason="A page of this origin may not open sockets")  # before `accept`: HTTP 403
        return False
    offered = ws.scope["subprotocols"]
    await ws.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    return True


async def _serve(ws: WebSocket, own: UUID | None, feed: NotificationFeed | None = None) -> None:
    worker = gateway_context(ws)
    hub, admission = worker.hub, worker.admission
    try:
        if hub.is_restarting:
            await ws.close(CloseCode.RESTARTING, hub.restart_reason())
            return
        with worker.address_limits.count(ws.client) as is_within:
            if not is_within:
                hub.counts.refusals["sockets_of_address"] += 1
                await ws.close(CloseCode.RATE_LIMITED, "too many sockets of this address; retry after 60")
                return
            try:
                turn = await admission.acquire()
            except RateLimited as error:
                hub.counts.refusals["opening_sockets"] += 1
                await ws.close(CloseCode.OVERLOADED, f"busy; retry after {error.retry_after_s:.1f}")
                return
            try:
                await _open(ws, own, feed, turn)
            finally:
                turn.release()
    except WebSocketDisconnect:
        log.debug("socket_gone")


async def _open(ws: WebSocket, own: UUID | None, feed: NotificationFeed | None, turn: Slot) -> None:
    worker = gateway_context(ws)
    try:
        after_seq = _after_seq(ws)
        entering = PendingJoin(worker.users_and_memberships, own) if own is not None else None
        actor = await _authenticate_counted(ws, entering.find_user if entering is not None else None)
    except ValueError:
        await ws.close(CloseCode.MALFORMED, "after_seq must be a whole number")
        return
    except RateLimited as error:
        await ws.close(CloseCode.RATE_LIMITED, f"too many refused tokens; retry after {error.retry_after_s:g}")
        return
    except ChatError as error:
        code = CloseCode.OVERLOADED if error.status >= 500 else CloseCode.UNAUTHENTICATED
        await ws.close(code, error.detail)
        return
    structlog.contextvars.bind_contextvars(
        user=actor.user_id,
        service=actor.service,
        connection=str(new_id()),
        conversation=str(own) if own else None,
    )
    socket = Connection(
        ws,
        actor,
        hub=worker.hub,
        teller=worker.publisher,
        db=worker.db,
        group=worker.group_commit,
        rates=worker.rate_limits,
        authenticator=worker.authenticator,
        own_conversation=own,
        feed=feed,
        on_open=turn.release,
    )
    await socket.run(after_seq, entering)


async def _authenticate_counted(ws: WebSocket, find: UserLookup | None) -> Actor:
    """Authenticate; who fails too often is told to wait.

    Raises:
        RateLimited: too many tokens from this address were refused.
        As `_authenticate`.
    """
    try:
        return await _authenticate(ws, find)
    except Unauthenticated:
        gateway_context(ws).rate_limits.count_failure(client_ip_bucket(ws))
        raise


async def _authenticate(ws: WebSocket, find: UserLookup | None) -> Actor:
    """By header, subprotocol, ticket or cookie, in that order; never by a token in the query string.

    Raises:
        Unauthenticated, ScopeRequired, ActAsRequired: not accepted.
    """
    worker = gateway_context(ws)
    authenticator = worker.authenticator
    if "authorization" in ws.headers:
        actor = await authenticator.from_headers(ws.headers, find)
    elif bearers := [one for one in ws.scope["subprotocols"] if one.startswith(BEARER_PREFIX)]:
        actor = await authenticator.from_bearer(bearers[0].removeprefix(BEARER_PREFIX), find=find)
    elif ticket := ws.query_params.get("ticket"):
        async with worker.db.transaction() as tx:
            token = await tickets.redeem(tx, ticket)
        actor = await authenticator.from_user_token(token, find)
    elif (name := gateway_context(ws).settings.cookie_name) and (bearer := ws.cookies.get(name)):
        actor = await authenticator.from_bearer(bearer, find=find)
    else:
        raise Unauthenticated
    actor.require_user()
    return actor


def _after_seq(ws: WebSocket) -> int | None:
    given = ws.query_params.get("after_seq")
    if given is None:
        return None
    if not given.lstrip("-").isdecimal() or len(given) > 20:
        raise ValueError
    return int(given)
