"""The HTTP doors of notifications: the list, preferences, push subscriptions, unsubscribing, dead letters."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from fastapi.responses import HTMLResponse

from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.core.errors import Conflict, LimitReached, NotFound
from wasgo_chat.http.dependencies import (
    AnonymousRateLimit,
    Caller,
    Cursor,
    Db,
    IdempotencyKeyHeader,
    Limit,
    replayed_response,
)
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity import audit
from wasgo_chat.notifications import listing, preferences, push_subscriptions
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.schemas import (
    DeliveryOut,
    DeliveryPage,
    MarkedNotifications,
    NotificationOut,
    NotificationPage,
    Preferences,
    PreferencesOfConversation,
    State,
    Subscribe,
    SubscriptionOut,
    SubscriptionsOut,
    Unsubscribe,
)

router = APIRouter(tags=["notifications"])

Token = Annotated[str, Path(max_length=500, description="As the mail's link carries it.")]

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>E-mail about messages</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"></head>
<body style="font-family:sans-serif;max-width:30em;margin:3em auto;padding:0 1em">{}</body></html>"""
_ASK = _PAGE.format(
    "<p>Do you want no more e-mail about messages in the chat?</p>"
    '<form method="post"><button type="submit">Unsubscribe</button></form>'
)
_DONE = _PAGE.format("<p>You will get no more e-mail about messages in the chat.</p>")
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@router.get(
    "/chat/notifications/",
    operation_id="list_notifications",
    response_model=NotificationPage,
    responses=problem_responses(401, 403, 422),
)
async def list_notifications(
    caller: Caller, db: Db, unread: bool | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the caller's notifications, newest first."""
    async with db.snapshot() as tx:
        return JsonResponse(await listing.list_notifications(tx, caller, unread=unread, limit=limit, cursor=cursor))


@router.post(
    "/chat/notifications/mark_all_read/",
    operation_id="mark_all_notifications_read",
    response_model=MarkedNotifications,
    responses=problem_responses(401, 403),
)
async def mark_all_notifications_read(caller: Caller, db: Db) -> Response:
    """Mark all of the caller's notifications; their messages stay as unread as they are."""
    async with db.transaction() as tx:
        marked = await listing.mark_all_read(tx, caller)
    return JsonResponse({"marked": marked})


@router.post(
    "/chat/notifications/{notification_id}/mark_read/",
    operation_id="mark_notification_read",
    response_model=NotificationOut,
    responses=problem_responses(401, 403, 404),
)
async def mark_notification_read(notification_id: UUID, caller: Caller, db: Db) -> Response:
    """Mark one notification; its message stays as unread as it is."""
    async with db.transaction() as tx:
        answer = await listing.mark_read(tx, caller, notification_id)
    return JsonResponse(answer)


@router.get(
    "/chat/notifications/preferences/",
    operation_id="get_notification_preferences",
    response_model=Preferences,
    responses=problem_responses(401, 403),
)
async def get_notification_preferences(caller: Caller, db: Db) -> Response:
    """What the caller wants to be told of."""
    async with db.snapshot() as tx:
        return JsonResponse(await preferences.get_preferences(tx, caller))


@router.put(
    "/chat/notifications/preferences/",
    operation_id="put_notification_preferences",
    response_model=Preferences,
    responses=problem_responses(401, 403, 422),
)
async def put_notification_preferences(body: Preferences, caller: Caller, db: Db) -> Response:
    """Set all of it; what is left out goes back to its default."""
    async with db.transaction() as tx:
        await preferences.put_preferences(tx, caller, body)
        answer = await preferences.get_preferences(tx, caller)
    return JsonResponse(answer)


@router.get(
    "/chat/conversations/{conversation_id}/notification_preferences/",
    operation_id="get_conversation_notification_preferences",
    response_model=PreferencesOfConversation,
    responses=problem_responses(401, 403, 404),
)
async def get_conversation_preferences(conversation_id: UUID, caller: Caller, db: Db) -> Response:
    """What the caller wants to be told of in one conversation; null leaves it to the general wish."""
    caller.require_user()
    async with db.snapshot() as tx:
        return JsonResponse(await preferences.get_conversation_preferences(tx, caller, conversation_id))


@router.put(
    "/chat/conversations/{conversation_id}/notification_preferences/",
    operation_id="put_conversation_notification_preferences",
    response_model=PreferencesOfConversation,
    responses=problem_responses(401, 403, 404, 422),
)
async def put_conversation_preferences(
    conversation_id: UUID, body: PreferencesOfConversation, caller: Caller, db: Db
) -> Response:
    """Set all of it; what is left out is left to the general wish."""
    caller.require_user()
    async with db.transaction() as tx:
        await preferences.put_conversation_preferences(tx, caller, conversation_id, body)
        answer = await preferences.get_conversation_preferences(tx, caller, conversation_id)
    return JsonResponse(answer)


@router.get(
    "/chat/push_subscriptions/",
    operation_id="list_push_subscriptions",
    response_model=SubscriptionsOut,
    responses=problem_responses(401, 403),
)
async def list_push_subscriptions(caller: Caller, db: Db) -> Response:
    """The key for `pushManager.subscribe`, and the caller's browsers."""
    key = push_subscriptions.public_key(db.settings)
    async with db.snapshot() as tx:
        return JsonResponse({"public_key": key, "results": await push_subscriptions.list_subscriptions(tx, caller)})


@router.post(
    "/chat/push_subscriptions/",
    operation_id="add_push_subscription",
    status_code=201,
    response_model=SubscriptionOut,
    responses=problem_responses(401, 403, IdempotencyConflict, LimitReached, 422),
)
async def add_push_subscription(body: Subscribe, caller: Caller, db: Db, key: IdempotencyKeyHeader = None) -> Response:
    """Take a browser's push subscription; the same endpoint again replaces it."""
    caller.require_user()
    await push_subscriptions.validate(db.settings, body)
    once = IdempotentRequest("add_push_subscription", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if earlier := await once.previous_result(tx):
            return replayed_response(earlier[0], await push_subscriptions.get_subscription(tx, caller, earlier[1]))
        subscription_id = await push_subscriptions.subscribe(tx, caller, body)
        await once.store(tx, 201, subscription_id)
        answer = await push_subscriptions.get_subscription(tx, caller, subscription_id)
    return JsonResponse(answer, 201)


@router.delete(
    "/chat/push_subscriptions/",
    operation_id="remove_push_subscription",
    status_code=204,
    response_class=Response,
    responses=problem_responses(401, 403, 422),
)
async def remove_push_subscription(body: Unsubscribe, caller: Caller, db: Db) -> Response:
    """Forget a browser; also one that is not known."""
    async with db.transaction() as tx:
        await push_subscriptions.unsubscribe(tx, caller, body.endpoint)
    return Response(status_code=204)


@router.get(
    "/chat/notifications/unsubscribe/{token}/",
    dependencies=[AnonymousRateLimit],
    operation_id="ask_to_unsubscribe",
    response_class=HTMLResponse,
    responses=problem_responses(404),
)
async def ask_to_unsubscribe(token: Token, db: Db) -> Response:
    """The page behind a mail's link. It asks: programs that only look at links must not unsubscribe anybody."""
    if preferences.verify_unsubscribe_token(db.settings, token) is None:
        raise NotFound
    return HTMLResponse(_ASK, headers=_PAGE_HEADERS)


@router.post(
    "/chat/notifications/unsubscribe/{token}/",
    dependencies=[AnonymousRateLimit],
    operation_id="unsubscribe_from_email",
    response_class=HTMLResponse,
    responses=problem_responses(404),
)
async def unsubscribe_from_email(token: Token, db: Db) -> Response:
    """One click (RFC 8058), from the page or from the mail program itself: no more e-mail to that user."""
    user_id = preferences.verify_unsubscribe_token(db.settings, token)
    if user_id is None:
        raise NotFound
    async with db.transaction() as tx:
        await preferences.stop_email(tx, user_id)
    return HTMLResponse(_DONE, headers=_PAGE_HEADERS)


@router.get(
    "/chat/deliveries/",
    operation_id="list_deliveries",
    response_model=DeliveryPage,
    responses=problem_responses(401, 403, 422),
)
async def list_deliveries(
    caller: Caller, db: Db, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List mails, pushes and webhooks, newest first; `state=dead` are the dead letters (scope chat:provision)."""
    caller.require_scope("chat:provision")
    async with db.snapshot() as tx:
        return JsonResponse(await queue.list_deliveries(tx, state=state, limit=limit, cursor=cursor))


@router.post(
    "/chat/deliveries/{delivery_id}/retry/",
    operation_id="retry_delivery",
    response_model=DeliveryOut,
    responses=problem_responses(401, 403, 404, Conflict),
)
async def retry_delivery(delivery_id: UUID, caller: Caller, db: Db) -> Response:
    """Try a dead one again (scope chat:provision); whether it still is to be sent is decided anew."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        answer = await queue.retry(tx, delivery_id)
        await audit.record_action(tx, caller, "delivery_retried", user_id=answer["user_id"], target=delivery_id)
    return JsonResponse(answer)
