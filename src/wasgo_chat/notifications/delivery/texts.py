"""The wording of notifications: the sentence of an e-mail's subject and of a push, and the parts of an e-mail."""

from html import escape

from wasgo_chat.notifications.delivery.digest import DigestItem, NotificationDigest

_SUMMARIES = {"message": "sent a message", "mention": "mentioned you", "reply": "replied to you"}
_LINK = "Read and reply"
_UNSUBSCRIBE = "Unsubscribe from message e-mails"


def subject(digest: NotificationDigest) -> str:
    """One sentence without the text of any message: `3 new messages in Garden shed`."""
    newest = digest.items[-1]
    if digest.count > 1:
        return f"{digest.count} new messages in {digest.title}"
    return _summary(newest) + (f" in {digest.title}" if digest.title != newest.sender_name else "")


def plain_text(digest: NotificationDigest) -> str:
    """The plain-text part."""
    parts = [subject(digest) + ".", "\n".join(_item(item) for item in digest.items)]
    if digest.count > len(digest.items):
        parts.insert(1, f"The newest {len(digest.items)}:")
    if digest.link:
        parts.append(f"{_LINK}: {digest.link}")
    parts.append(f"-- \n{_UNSUBSCRIBE}: {digest.unsubscribe_url}")
    return "\n\n".join(parts) + "\n"


def html(digest: NotificationDigest) -> str:
    """The HTML part."""
    items = "".join(f"<li>{escape(_item(item))}</li>" for item in digest.items)
    link = f'<p><a href="{escape(digest.link)}">{_LINK}</a></p>' if digest.link else ""
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif">'
        f"<p><strong>{escape(subject(digest))}</strong></p><ul>{items}</ul>{link}"
        f'<p style="color:#666"><a href="{escape(digest.unsubscribe_url)}">{_UNSUBSCRIBE}</a></p>'
        "</body></html>"
    )


def _summary(item: DigestItem) -> str:
    """What happened, without the text of the message: `Ana mentioned you`."""
    return f"{item.sender_name} {_SUMMARIES[item.kind]}"


def _item(item: DigestItem) -> str:
    if item.text:
        return f"{item.sender_name}: {item.text}"
    return f"{_summary(item)} ({item.created_at:%d %b, %H:%M} UTC)"
