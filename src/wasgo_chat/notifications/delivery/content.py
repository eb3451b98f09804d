"""What a delivery says: one letter for a user and a conversation, put by each channel into its own form."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Row

from wasgo_chat.core.config import Settings
from wasgo_chat.notifications.listing import heading_for

MAX_LINES = 20


@dataclass(frozen=True, slots=True)
class DigestItem:
    """One notification in a letter; `text` is None unless the setting puts the text of messages in."""

    notification_id: UUID
    message_id: UUID
    seq: int
    kind: str
    sender_id: str
    sender_name: str
    created_at: datetime
    text: str | None


@dataclass(frozen=True, slots=True)
class NotificationDigest:
    """A delivery, ready to be put into a channel's form.

    `id` stays the same for every attempt. `count` are the unread messages it tells of; `lines` the newest of them,
    oldest first. `address` is the e-mail address, `browser` the endpoint and keys of a push subscription.
    """

    id: UUID
    user_id: str
    conversation_id: UUID
    conversation_type: str
    title: str
    count: int
    lines: Sequence[DigestItem]
    link: str | None
    address: str | None = None
    push_subscription: tuple[str, str, str] | None = None

    @property
    def subject(self) -> str:
        """One sentence without any text of a message."""
        newest = self.lines[-1]
        if self.count > 1:
            return f"{self.count} new messages in {self.title}"
        did = {"mention": "mentioned you", "reply": "replied to you"}.get(newest.kind, "sent a message")
        return f"{newest.sender_name} {did}" + (f" in {self.title}" if self.title != newest.sender_name else "")


def build(
    settings: Settings,
    delivery: Any,
    conversation_type: str,
    rows: Sequence[Row[Any]],
    *,
    address: str | None = None,
    browser: tuple[str, str, str] | None = None,
) -> NotificationDigest:
    """A letter of the unread notifications of a delivery, oldest first (rows of `feed.notification_rows`)."""
    newest = rows[-1]
    sender = {"display_name": newest.display_name, "username": newest.username}
    link = None
    if settings.conversation_url is not None:
        conversation = quote(str(delivery.conversation_id))
        link = settings.conversation_url.replace("{conversation_id}", conversation)
    return NotificationDigest(
        id=delivery.id,
        user_id=delivery.user_id,
        conversation_id=delivery.conversation_id,
        conversation_type=conversation_type,
        title=heading_for(newest.title, sender),
        count=len(rows),
        lines=[_item(row, with_text=settings.notify_include_text) for row in rows[-MAX_LINES:]],
        link=link,
        address=address,
        push_subscription=browser,
    )


def _item(row: Row[Any], *, with_text: bool) -> DigestItem:
    return DigestItem(
        notification_id=row.id,
        message_id=row.message_id,
        seq=row.seq,
        kind=row.kind,
        sender_id=row.sender_id,
        sender_name=row.display_name or row.username,
        created_at=row.created_at,
        text=row.preview if with_text else None,
    )
