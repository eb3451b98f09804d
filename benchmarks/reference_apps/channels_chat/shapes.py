"""A message as JSON: the same fields as the service's, so that frames and pages have the same size."""


def message_shape(message):
    """Render a message. Expects prefetched `sender` and `reactions`."""
    by_emoji = {}
    for reaction in message.reactions.all():
        by_emoji.setdefault(reaction.emoji, []).append(reaction.user_id)
    return {
        "id": str(message.id),
        "conversation": str(message.conversation_id),
        "seq": message.seq,
        "sender": {
            "id": message.sender.username,
            "username": message.sender.username,
            "display_name": message.sender.first_name or None,
            "avatar_url": None,
        },
        "message_type": message.message_type,
        "content": message.content,
        "reply_to": str(message.reply_to_id) if message.reply_to_id else None,
        "reply_preview": None,
        "attachments": [],
        "reactions": [{"emoji": emoji, "count": len(users), "user_ids": users} for emoji, users in by_emoji.items()],
        "mentions": [],
        "metadata": message.metadata,
        "client_id": message.client_id,
        "revision": 1,
        "is_edited": message.is_edited,
        "edited_at": None,
        "is_deleted": message.is_deleted,
        "deleted_at": None,
        "created_at": message.created_at.isoformat(),
    }
