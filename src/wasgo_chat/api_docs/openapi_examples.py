"""Examples for the OpenAPI document: requests by operation, responses by schema.

Tests validate them against the schemas, and send each request to a running service, with the ids of this module
replaced by existing ones.
"""

from typing import Any

from wasgo_chat.conversation_types import DIRECT, JOB, REFERENCED_TYPES

EPOCH = "5b0f1c9e7a3d4e628c41d07f92ab36e5"
CHAT = "01a20497-3968-7249-a01c-b179616f7735"
MESSAGE = "01a20498-27c3-74c5-bec7-9c013e486d4c"
REPLY = "01a20498-3fe8-70e1-aa0c-e2dca392f2e5"
ATTACHMENT = "01a204d7-6cd7-7443-bcc6-1f9d2ad31bc7"
NOTIFICATION = "01a204d7-7097-728d-99ef-72e7b8838e13"
OTHER_ID = "01a204d7-7099-7f01-8c11-0f6a5c1de5b2"
MOMENT = "2026-11-22T18:50:10.247806Z"

JSON, FORM = "application/json", "multipart/form-data"

_PROVISION = {
    "ordinary": {
        "title": "Paint the fence",
        "participants": [
            {"user_id": "ana", "role": "admin", "username": "ana", "display_name": "Ana Lima"},
            {"user_id": "bo"},
        ],
        "metadata": {"budget": 80},
    },
    "without new participants": {"title": "Paint the fence, twice"},
}

REQUESTS: dict[tuple[str, str], dict[str, Any]] = {
    ("create_conversation", JSON): {
        "direct": {"conversation_type": DIRECT.name, "participant_ids": ["bo"]},
        "with metadata": {
            "conversation_type": DIRECT.name,
            "participants": [{"user_id": "bo"}],
            "metadata": {"listing": "7"},
        },
    },
    ("update_conversation", JSON): {
        "title": {"title": "Paint the fence, twice", "metadata": {"budget": 160}},
        "settings": {"settings": {"colour": "green"}},
        "close": {"status": "closed"},
    },
    ("add_participant", JSON): {
        "ordinary": {"user_id": "dee"},
        "observer": {"user_id": "dee", "role": "observer"},
    },
    ("remove_participant", JSON): {"ordinary": {"user_id": "bo"}},
    ("update_participant", JSON): {"promotion": {"role": "moderator"}},
    ("send_message", JSON): {
        "text": {"conversation": CHAT, "content": "See you on Friday!", "client_id": "m-1"},
        "reply": {"conversation": CHAT, "content": "Nine it is.", "reply_to": MESSAGE, "mentions": ["bo"]},
        "location": {
            "conversation": CHAT,
            "message_type": "location",
            "metadata": {"location": {"lat": 52.52, "lng": 13.405, "label": "The fence"}},
        },
        "file": {"conversation": CHAT, "message_type": "file", "attachment_ids": [ATTACHMENT]},
    },
    ("mark_messages_read", JSON): {"ordinary": {"message_ids": [MESSAGE]}},
    ("edit_message", JSON): {"ordinary": {"content": "See you on Friday at nine."}},
    ("react_to_message", JSON): {"toggle": {"emoji": "👍"}, "add": {"emoji": "👍", "action": "add"}},
    ("put_notification_preferences", JSON): {
        "mentions": {
            "level": "mentions",
            "quiet_hours": {"start": "22:00:00", "end": "07:00:00", "time_zone": "Europe/Berlin"},
            "channels": {"email": False, "push": True, "webhook": True},
        },
    },
    ("put_conversation_notification_preferences", JSON): {
        "muted": {"muted_until": "2026-12-01T08:00:00Z", "channels": {"push": True}},
    },
    ("remove_push_subscription", JSON): {"ordinary": {"endpoint": "https://push.example/send/4cd1"}},
    ("add_push_subscription", JSON): {
        "ordinary": {
            "endpoint": "https://push.example/send/4cd1",
            "keys": {
                "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "auth": "BTBZMqHH6r4Tts7J_aSIgg",
            },
            "expirationTime": None,
        },
    },
    **{(f"put_{name}_conversation", JSON): _PROVISION for name in REFERENCED_TYPES},
    ("send_system_message", JSON): {
        "ordinary": {"content": "Provider has been assigned to this job", "metadata": {"action": "provider_assigned"}},
    },
    ("put_user", JSON): {
        "ordinary": {"username": "ana", "display_name": "Ana Lima", "email": "ana@example.org", "locale": "en-GB"},
    },
    ("create_support_conversation", JSON): {
        "ordinary": {"support_type": "technical", "title": "Login issue", "content": "I cannot log in."},
    },
    ("assign_staff", JSON): {"to a staff user": {"user_id": "staff"}},
    ("retry_dead_letters", JSON): {"one kind": {"channel": "email", "error": "smtp_554"}},
    ("upload_attachment", FORM): {"file": {"conversation": CHAT, "message_type": "file", "file": "notes"}},
    ("send_message", FORM): {
        "files": {"conversation": CHAT, "message_type": "file", "content": "Two for you", "files": ["one", "two"]},
    },
}

_ANA = {"id": "ana", "username": "ana", "display_name": "Ana Lima", "avatar_url": None}
_BO = {"id": "bo", "username": "bo", "display_name": "Bo Chen", "avatar_url": None}
_REACTIONS = [{"emoji": "👍", "count": 1, "user_ids": ["bo"], "me": False}]

_ATTACHMENT = {
    "id": ATTACHMENT,
    "url": f"/chat/attachments/{ATTACHMENT}/original?expires=1795377900&signature=0u12pro47uwl4OubgNF_1A",
    "thumbnail_url": f"/chat/attachments/{ATTACHMENT}/thumbnail?expires=1795377900&signature=3m0MX-g8-L6XPDssHlTCDg",
    "filename": "fence.jpg",
    "content_type": "image/jpeg",
    "size": 5428,
    "sha256": "d1b9687a59de4f9b33bf4f75acd66e99dea096b73563bedcdc45c38fcfeae1b5",
    "width": 640,
    "height": 480,
    "duration": None,
}

_MESSAGE = {
    "id": REPLY,
    "conversation": CHAT,
    "seq": 6,
    "sender": _BO,
    "message_type": "text",
    "content": "Nine it is.",
    "reply_to": MESSAGE,
    "reply_preview": {
        "id": MESSAGE,
        "seq": 3,
        "sender": _ANA,
        "message_type": "text",
        "content": "See you on Friday at nine.",
        "is_deleted": False,
    },
    "attachments": [],
    "reactions": _REACTIONS,
    "mentions": [],
    "metadata": {},
    "client_id": "m-2",
    "revision": 1,
    "is_edited": False,
    "edited_at": None,
    "is_deleted": False,
    "deleted_at": None,
    "created_at": MOMENT,
}

_PARTICIPANT = {"user": _BO, "role": "participant", "joined_at": MOMENT, "left_at": None, "last_read_seq": 6}

_CONVERSATION = {
    "id": CHAT,
    "conversation_type": JOB.name,
    "title": "Paint the fence",
    "reference": {"type": JOB.name, "id": "demo"},
    "status": "open",
    "metadata": {"budget": 80},
    "settings": {},
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "participants": [_PARTICIPANT],
    "participant_count": 1,
    "last_message": _MESSAGE,
    "last_seq": 6,
    "unread_count": 1,
    "is_archived": False,
}

_CORE = ("id", "conversation_type", "title", "reference", "status", "metadata", "settings", "created_at", "updated_at")

_NOTIFICATION = {
    "id": NOTIFICATION,
    "kind": "mention",
    "conversation": CHAT,
    "message_id": MESSAGE,
    "seq": 4,
    "title": "Paint the fence",
    "sender": _ANA,
    "preview": "Two for you",
    "created_at": MOMENT,
    "is_read": False,
    "read_at": None,
}

_INSPECTED = {
    **{name: value for name, value in _CONVERSATION.items() if name in _CORE},
    "created_by": None,
    "last_seq": 6,
    "message_count": 5,
    "participant_count": 2,
    "people": [_ANA, _BO],
}

SHAPES: dict[str, Any] = {
    "AttachmentOut": _ATTACHMENT,
    "ConversationOut": _CONVERSATION,
    "MessageOut": _MESSAGE,
    "NotificationOut": _NOTIFICATION,
    "ParticipantOut": _PARTICIPANT,
    "PresenceOut": {"user_id": "bo", "online": False, "last_seen": MOMENT},
    "ReactionResult": {"action": "added", "reactions": _REACTIONS},
    "ReadResult": {"marked": 1, "unread_count": 0},
    "ReceiptOut": {"user": _BO, "read_at": MOMENT},
    "Revoked": {"user_id": "cy", "revoked_before": MOMENT},
    "TicketOut": {"ticket": "M0mWcOIiGU5nmlzPdNhjCwPAY-cOsHxwmLMFk5sz1MA", "expires_at": MOMENT},
    "UnreadCounts": {"total": 1, "conversations": {CHAT: 1}},
    "UserOut": _ANA,
    "DeliveryOut": {
        "id": OTHER_ID,
        "user_id": "bo",
        "conversation": CHAT,
        "channel": "email",
        "state": "dead",
        "attempts": 10,
        "due_at": MOMENT,
        "error": "smtp_550",
        "created_at": MOMENT,
        "settled_at": MOMENT,
    },
    "DeadKind": {"channel": "email", "error": "smtp_550", "count": 12, "oldest_at": MOMENT, "newest_at": MOMENT},
    "FiguresOut": {
        "at": MOMENT,
        "workers": 2,
        "sockets": 1840,
        "messages": 120366,
        "delivery": {"bounds": [0.005, 0.025, 0.1], "counts": [118201, 2033, 120, 12], "sum": 310.4, "count": 120366},
        "readers": [{"reader": "notifications", "conversations": 3, "events": 14, "oldest_at": MOMENT}],
        "deliveries": {"pending": 4, "sending": 1, "retrying": 0, "dead": 12},
    },
    "InspectedConversation": _INSPECTED,
    "InspectedConversationDetail": {**_INSPECTED, "participants": [_PARTICIPANT]},
    "InspectedMessage": {
        "message": _MESSAGE,
        "revisions": [
            {"revision": 1, "content": "Nine?", "written_at": MOMENT, "replaced_at": MOMENT},
            {"revision": 2, "content": "Nine it is.", "written_at": MOMENT, "replaced_at": None},
        ],
        "receipts": [{"user": _ANA, "read_at": MOMENT}],
    },
    "RetriedDeliveries": {"retried": 12, "has_more": False},
    "SubscriptionOut": {"id": OTHER_ID, "created_at": MOMENT},
}
"""Examples of responses by schema name."""

RESPONSES: dict[str, Any] = {
    "get_health": {"status": "ok"},
    "get_readiness": {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "redis": "ok"}},
    "mark_all_notifications_read": {"marked": 3},
    "list_events": {
        "results": [{"type": "new_message", "conversation_id": CHAT, "seq": 6, "message": _MESSAGE}],
        "next": None,
        "previous": None,
        "last_seq": 6,
        "purged_seq": 0,
        "epoch": EPOCH,
    },
}
"""Examples of other responses, by operation."""
