"""Client for wasgo-chat: helpers for the backend of a platform, and conversations that stay in sync.

The generated REST client is `wasgo_chat_client.generated.rest`.
"""

from wasgo_chat_client.chat import Chat
from wasgo_chat_client.conversation import Conversation
from wasgo_chat_client.errors import ChatError, ConnectionLost
from wasgo_chat_client.operations import Participant
from wasgo_chat_client.outbox import FileOutbox, MemoryOutbox, OutboxEntry, OutboxStore
from wasgo_chat_client.platform import AsyncPlatform, Platform
from wasgo_chat_client.replica import Replica
from wasgo_chat_client.sender import PendingMessage
from wasgo_chat_client.tokens import TokenProvider

__all__ = [
    "AsyncPlatform",
    "Chat",
    "ChatError",
    "ConnectionLost",
    "Conversation",
    "FileOutbox",
    "MemoryOutbox",
    "OutboxEntry",
    "OutboxStore",
    "Participant",
    "PendingMessage",
    "Platform",
    "Replica",
    "TokenProvider",
]
