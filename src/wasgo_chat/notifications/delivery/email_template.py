"""The text of a notification e-mail, plain and HTML. The subject is `NotificationDigest.subject`."""

from html import escape

from wasgo_chat.notifications.delivery.digest import DigestItem, NotificationDigest

_LINK = "Read and reply"
_UNSUBSCRIBE = "Unsubscribe from message e-mails"


def plain_text(digest: NotificationDigest) -> str:
    """The plain-text part."""
    parts = [digest.subject + ".", "\n".join(_item(item) for item in digest.items)]
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
        f"<p><strong>{escape(digest.subject)}</strong></p><ul>{items}</ul>{link}"
        f'<p style="color:#666"><a href="{escape(digest.unsubscribe_url)}">{_UNSUBSCRIBE}</a></p>'
        "</body></html>"
    )


def _item(item: DigestItem) -> str:
    if item.text:
        return f"{item.sender_name}: {item.text}"
    return f"{item.summary} ({item.created_at:%d %b, %H:%M} UTC)"
