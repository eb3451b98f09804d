"""What a delivery contains: the unread notifications of one user in one conversation. `texts` has their wording."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One notification of a digest. `text` is None unless `NOTIFY_INCLUDE_TEXT` is set."""

    notification_id: UUID
    message_id: UUID
    seq: int
    kind: str
    sender_id: str
    sender_name: str
    created_at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class PushTarget:
    """A browser's push subscription: its endpoint, and its keys in base64url."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class NotificationDigest:
    """A delivery, ready to be formatted by its channel.

    Attributes:
        id: the delivery's id, the same for every attempt.
        title: the conversation's title, or the sender's name.
        count: the number of unread messages.
        items: the newest of them, oldest first; at least one.
        link: the conversation's page in the platform, if `CONVERSATION_URL` is set.
        address: the user's e-mail address; for the channel `email` only.
        unsubscribe_url: the link that ends e-mail to the user; for the channel `email` only.
        push_target: the browser; for the channel `push` only.
    """

    id: UUID
    user_id: str
    conversation_id: UUID
    conversation_type: str
    title: str
    count: int
    items: Sequence[DigestItem]
    link: str | None
    address: str = ""
    unsubscribe_url: str = ""
    push_target: PushTarget | None = None
