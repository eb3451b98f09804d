"""Errors of messages."""

from wasgo_chat.core.errors import Conflict


class MessageDeletedError(Conflict):
    """A deleted message (tombstone) cannot be edited or reacted to."""

    code, title = "message_deleted", "The message was deleted"
