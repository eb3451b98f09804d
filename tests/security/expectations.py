"""The authorization matrix: for every route and frame an example request, and the lowest role that may perform it.

The tests fail for a route of the OpenAPI document, or a frame, that has no line here.
"""

from dataclasses import dataclass
from typing import Any

ROLES = ("observer", "participant", "moderator", "admin")
CHAT = "/chat/conversations/{chat}"
PUBLIC = "public"
"""No token is required; `why` explains the protection."""
USER = "user"
"""Any user, for personal routes."""
STAFF = "staff"
"""A staff user, for operator routes."""


@dataclass(frozen=True)
class Expected:
    """One operation.

    `needs` is the lowest role in the conversation that may, `USER`, `STAFF`, `PUBLIC`, or None where only a service
    may.
    `scope` is the scope with which a service may act as itself; of two it needs both. `names` is True if the operation
    refers to an object that may belong to others.
    """

    method: str
    path: str
    needs: str | None
    body: Any = None
    scope: str | None = None
    names: bool = True
    status: int = 200
    form: bool = False
    why: str = ""


def _user(method: str, path: str, body: Any = None, status: int = 200) -> Expected:
    return Expected(method, path, USER, body, names=False, status=status)


def _member(method: str, path: str, needs: str = "observer", body: Any = None, **more: Any) -> Expected:
    return Expected(method, path, needs, body, **more)


def _service(method: str, path: str, scope: str, body: Any = None, **more: Any) -> Expected:
    return Expected(method, path, None, body, scope, **more)


def _staff(method: str, path: str, body: Any = None, **more: Any) -> Expected:
    return Expected(method, f"/chat/operators{path}", STAFF, body, **more)


MESSAGE = "/chat/messages/{message}"
OPERATIONS: dict[str, Expected] = {
    "list_conversations": _user("GET", "/chat/conversations/"),
    "create_conversation": Expected(
        "POST", "/chat/conversations/", USER, {"conversation_type": "job", "reference": {"type": "job", "id": "{new}"}},
        "chat:provision", False, 201
    ),
    "create_support_conversation": _user(
        "POST", "/chat/conversations/create_support_conversation/", {"support_type": "x"}, 201
    ),
    "get_unread_counts": _user("GET", "/chat/conversations/unread_counts/"),
    "get_conversation": _member("GET", f"{CHAT}/"),
    "update_conversation": _member("PATCH", f"{CHAT}/", "admin", {"title": "New"}, scope="chat:provision"),
    "add_participant": _member(
        "POST", f"{CHAT}/add_participant/", "moderator", {"user_id": "{known}"}, scope="chat:provision", status=201
    ),
    "remove_participant": _member(
        "POST", f"{CHAT}/remove_participant/", "moderator", {"user_id": "{leaver}"}, scope="chat:provision", status=204
    ),
    "update_participant": _member(
        "PATCH", f"{CHAT}/participants/{{extra}}/", "moderator", {"role": "observer"}, scope="chat:provision"
    ),
    "archive_conversation": _member("POST", f"{CHAT}/archive/"),
    "unarchive_conversation": _member("POST", f"{CHAT}/unarchive/"),
    "mark_conversation_read": _member("POST", f"{CHAT}/mark_read/"),
    "list_events": _member("GET", f"{CHAT}/events/"),
    "get_conversation_notification_preferences": _member("GET", f"{CHAT}/notification_preferences/"),
    "put_conversation_notification_preferences": _member("PUT", f"{CHAT}/notification_preferences/", body={}),
    "send_system_message": _service(
        "POST", f"{CHAT}/system_messages/", "chat:system_message", {"content": "x"}, status=201
    ),
    "assign_staff": _member("POST", f"{CHAT}/assign/", "moderator", {}, status=409, why="not a support conversation"),
    "list_messages": _member("GET", "/chat/messages/?conversation={chat}"),
    "send_message": _member(
        "POST", "/chat/messages/", "participant", {"conversation": "{chat}", "content": "hi"}, status=201
    ),
    "mark_messages_read": _member(
        "POST", "/chat/messages/mark_multiple_read/", body={"message_ids": ["{message}", "{message_2}"]}
    ),
    "get_message": _member("GET", f"{MESSAGE}/"),
    "edit_message": _member("POST", "/chat/messages/{own}/edit/", "participant", {"content": "better"}),
    "delete_message": _member("POST", "/chat/messages/{doomed}/delete/", "moderator", scope="chat:moderate"),
    "react_to_message": _member("POST", f"{MESSAGE}/react/", "participant", {"emoji": "👍"}),
    "mark_message_read": _member("POST", f"{MESSAGE}/mark_read/"),
    "list_receipts": _member("GET", f"{MESSAGE}/receipts/"),
    "list_notifications": _user("GET", "/chat/notifications/"),
    "mark_all_notifications_read": _user("POST", "/chat/notifications/mark_all_read/"),
    "mark_notification_read": Expected("POST", "/chat/notifications/{notification}/mark_read/", "owner"),
    "get_notification_preferences": _user("GET", "/chat/notifications/preferences/"),
    "list_muted_conversations": _user("GET", "/chat/notifications/mutes/"),
    "put_notification_preferences": _user("PUT", "/chat/notifications/preferences/", {}),
    "list_push_subscriptions": _user("GET", "/chat/push_subscriptions/"),
    "add_push_subscription": _user(
        "POST", "/chat/push_subscriptions/", {"endpoint": "{endpoint}", "keys": "{keys}"}, 201
    ),
    "remove_push_subscription": _user("DELETE", "/chat/push_subscriptions/", {"endpoint": "https://x.example/"}, 204),
    "ask_to_unsubscribe": Expected(
        "GET", "/chat/notifications/unsubscribe/x/", PUBLIC, status=404, why="the signed link of a mail"
    ),
    "unsubscribe_from_email": Expected(
        "POST", "/chat/notifications/unsubscribe/x/", PUBLIC, status=404, why="the signed link of a mail (RFC 8058)"
    ),
    "list_deliveries": _service("GET", "/chat/deliveries/", "chat:provision", names=False),
    "retry_delivery": _service("POST", "/chat/deliveries/{unknown}/retry/", "chat:provision", status=404),
    "put_user": _service("PUT", "/chat/users/{new}/", "chat:provision", {}, names=False),
    "revoke_user": _service("POST", "/chat/users/{new}/revoke/", "chat:provision", names=False),
    "erase_user": _service(
        "DELETE", "/chat/users/{new}/", "chat:provision chat:moderate", names=False, status=202
    ),
    "get_erasure": _service("GET", "/chat/users/{unknown}/erasure/", "chat:provision", status=404),
    "export_user": _service("GET", "/chat/users/{extra}/export/", "chat:act_as"),
    "list_audit": _service("GET", "/chat/audit/", "chat:moderate", names=False),
    "list_presence": _user("GET", "/chat/presence/?user_ids={extra}"),
    "create_socket_ticket": _user("POST", "/chat/ws_tickets/", status=201),
    "inspect_conversations": _staff("GET", "/conversations/", names=False),
    "inspect_conversation": _staff("GET", "/conversations/{chat}/"),
    "inspect_messages": _staff("GET", "/conversations/{chat}/messages/"),
    "inspect_message": _staff("GET", "/messages/{message}/"),
    "list_dead_letters": _staff("GET", "/deliveries/", names=False),
    "list_dead_letter_kinds": _staff("GET", "/deliveries/kinds/", names=False),
    "retry_dead_letters": _staff("POST", "/deliveries/retry/", {"error": "{new}"}, names=False),
    "retry_dead_letter": _staff("POST", "/deliveries/{unknown}/retry/", status=404),
    "list_consumers": _staff("GET", "/consumers/", names=False),
    "list_parked_events": _staff("GET", "/consumers/notifications/parked/", names=False),
    "retry_parked_events": _staff("POST", "/consumers/notifications/parked/retry/", names=False),
    "get_figures": _staff("GET", "/figures/", names=False),
    "get_health": Expected("GET", "/healthz", PUBLIC, names=False, why="says only that the process lives"),
    "get_readiness": Expected("GET", "/readyz", PUBLIC, names=False, why="says only whether it can serve"),
    "upload_attachment": _member(
        "POST", "/chat/attachments/", "participant", {"conversation": "{chat}"}, status=201, form=True
    ),
    "get_attachment": _member("GET", "/chat/attachments/{attachment}/"),
    "download_attachment": Expected(
        "GET", "/chat/attachments/{attachment}/original?expires=1&signature=x", PUBLIC, status=404,
        why="the signed link stands for the token",
    ),
}  # fmt: skip
for _plural, _kind in (("bids", "bid"), ("jobs", "job"), ("requests", "request"), ("disputes", "dispute")):
    OPERATIONS[f"get_{_kind}_conversation"] = _member("GET", f"/{_plural}/{{{_kind}}}/conversation/")
    OPERATIONS[f"put_{_kind}_conversation"] = _service(
        "PUT", f"/{_plural}/{{new}}/conversation/", "chat:provision", {}, names=False, status=201
    )

FRAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "subscribe": ("observer", {}),
    "unsubscribe": ("stranger", {}),
    "typing": ("participant", {}),
    "mark_read": ("observer", {"message_ids": ["{message}", "{message_2}"]}),
    "send_message": ("participant", {"content": "hi"}),
    "edit_message": ("participant", {"message_id": "{own}", "content": "better"}),
    "delete_message": ("moderator", {"message_id": "{doomed}"}),
    "react": ("participant", {"message_id": "{message}", "emoji": "👍"}),
    "refresh_token": ("stranger", {"token": "{token}"}),
}
"""By frame type: the lowest role that may send it, and its fields. Strangers may unsubscribe."""
