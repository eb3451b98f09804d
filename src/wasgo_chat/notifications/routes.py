"""HTTP routes of notifications, preferences, push subscriptions, unsubscribing and deliveries."""

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
    rate_class,
    replayed_response,
)
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.http.security_headers import FORM_PAGE_POLICY
from wasgo_chat.identity import audit
from wasgo_chat.notifications import listing, preferences, push_subscriptions, unsubscribe
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.push_subscriptions import PushNotConfigured
from wasgo_chat.notifications.schemas import (
    DeliveryOut,
    DeliveryPage,
    MarkedNotifications,
    MutesOut,
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

Token = Annotated[str, Path(max_length=500, description="The token in the link of the e-mail.")]

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>E-mails about chat messages</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"></head>
<body style="font-family:sans-serif;max-width:30em;margin:3em auto;padding:0 1em">{}</body></html>"""
_CONFIRM_PAGE = _PAGE.format(
    "<p>Do you want to stop receiving e-mails about chat messages?</p>"
    '<form method="post"><button type="submit">Unsubscribe</button></form>'
)
_UNSUBSCRIBED_PAGE = _PAGE.format("<p>You will no longer receive e-mails about chat messages.</p>")
_PAGE_HEADERS = {"Content-Security-Policy": FORM_PAGE_POLICY, "Cache-Control": "no-store"}


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
    """Mark all of the caller's notifications as read. Their messages stay unread."""
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
    """Mark a notification as read. Its message stays unread."""
    async with db.transaction() as tx:
        response = await listing.mark_read(tx, caller, notification_id)
    return JsonResponse(response)


@router.get(
    "/chat/notifications/preferences/",
    operation_id="get_notification_preferences",
    response_model=Preferences,
    responses=problem_responses(401, 403),
)
async def get_notification_preferences(caller: Caller, db: Db) -> Response:
    """Get the caller's notification preferences."""
    async with db.snapshot() as tx:
        return JsonResponse(await preferences.get_preferences(tx, caller))


@router.put(
    "/chat/notifications/preferences/",
    operation_id="put_notification_preferences",
    response_model=Preferences,
    responses=problem_responses(401, 403, 422),
)
async def put_notification_preferences(body: Preferences, caller: Caller, db: Db) -> Response:
    """Replace the caller's notification preferences. Fields that are left out return to their defaults."""
    async with db.transaction() as tx:
        await preferences.put_preferences(tx, caller, body)
        response = await preferences.get_preferences(tx, caller)
    return JsonResponse(response)


@router.get(
    "/chat/notifications/mutes/",
    operation_id="list_muted_conversations",
    response_model=MutesOut,
    responses=problem_responses(401, 403),
)
async def list_muted_conversations(caller: Caller, db: Db) -> Response:
    """Get the conversations that the caller has muted now, and when each mute ends."""
    async with db.snapshot() as tx:
        return JsonResponse(await preferences.muted_conversations(tx, caller))


@router.get(
    "/chat/conversations/{conversation_id}/notification_preferences/",
    operation_id="get_conversation_notification_preferences",
    response_model=PreferencesOfConversation,
    responses=problem_responses(401, 403, 404),
)
async def get_conversation_preferences(conversation_id: UUID, caller: Caller, db: Db) -> Response:
    """Get the caller's preferences for a conversation. Null means that the general preference applies."""
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
    """Replace the caller's preferences for a conversation. For fields left out, the general preference applies."""
    caller.require_user()
    async with db.transaction() as tx:
        await preferences.put_conversation_preferences(tx, caller, conversation_id, body)
        response = await preferences.get_conversation_preferences(tx, caller, conversation_id)
    return JsonResponse(response)


@router.get(
    "/chat/push_subscriptions/",
    operation_id="list_push_subscriptions",
    response_model=SubscriptionsOut,
    responses=problem_responses(401, 403),
)
async def list_push_subscriptions(caller: Caller, db: Db) -> Response:
    """List the caller's push subscriptions, and get the key for `pushManager.subscribe`."""
    key = push_subscriptions.public_key(db.settings)
    async with db.snapshot() as tx:
        return JsonResponse({"public_key": key, "results": await push_subscriptions.list_subscriptions(tx, caller)})


@router.post(
    "/chat/push_subscriptions/",
    operation_id="add_push_subscription",
    status_code=201,
    response_model=SubscriptionOut,
    responses=problem_responses(401, 403, IdempotencyConflict, LimitReached, PushNotConfigured, 422, 429),
)
@rate_class("push_subscription")
async def add_push_subscription(body: Subscribe, caller: Caller, db: Db, key: IdempotencyKeyHeader = None) -> Response:
    """Store a browser's push subscription. An existing one with the same endpoint is replaced."""
    caller.require_user()
    push_subscriptions.require_configured(db.settings)
    await push_subscriptions.validate(db.settings, body)
    once = IdempotentRequest("add_push_subscription", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if previous := await once.previous_result(tx):
            return replayed_response(previous[0], await push_subscriptions.get_subscription(tx, caller, previous[1]))
        subscription_id = await push_subscriptions.subscribe(tx, caller, body)
        await once.store(tx, 201, subscription_id)
        response = await push_subscriptions.get_subscription(tx, caller, subscription_id)
    return JsonResponse(response, 201)


@router.delete(
    "/chat/push_subscriptions/",
    operation_id="remove_push_subscription",
    status_code=204,
    response_class=Response,
    responses=problem_responses(401, 403, 422),
)
async def remove_push_subscription(body: Unsubscribe, caller: Caller, db: Db) -> Response:
    """Delete a push subscription. Succeeds if there is none."""
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
    """Show the page to which the link in an e-mail leads. It asks for confirmation, as programs open links too."""
    if unsubscribe.verify_unsubscribe_token(db.settings, token) is None:
        raise NotFound
    return HTMLResponse(_CONFIRM_PAGE, headers=_PAGE_HEADERS)


@router.post(
    "/chat/notifications/unsubscribe/{token}/",
    dependencies=[AnonymousRateLimit],
    operation_id="unsubscribe_from_email",
    response_class=HTMLResponse,
    responses=problem_responses(404),
)
async def unsubscribe_from_email(token: Token, db: Db) -> Response:
    """End e-mail to the user, from the page or by one click in the mail program (RFC 8058)."""
    user_id = unsubscribe.verify_unsubscribe_token(db.settings, token)
    if user_id is None:
        raise NotFound
    async with db.transaction() as tx:
        await unsubscribe.stop_email(tx, user_id)
    return HTMLResponse(_UNSUBSCRIBED_PAGE, headers=_PAGE_HEADERS)


@router.get(
    "/chat/deliveries/",
    operation_id="list_deliveries",
    response_model=DeliveryPage,
    responses=problem_responses(401, 403, 422),
)
async def list_deliveries(
    caller: Caller, db: Db, state: State | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List deliveries by e-mail, push and webhook, newest first (scope chat:provision)."""
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
    """Retry a dead delivery (scope chat:provision). Whether it is still sent is decided when it is due."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        response = await queue.retry(tx, delivery_id)
        await audit.record_action(tx, caller, "delivery_retried", user_id=response["user_id"], target=delivery_id)
    return JsonResponse(response)
