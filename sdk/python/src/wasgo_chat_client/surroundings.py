"""What surrounds a conversation: a chat, or what stands for one."""

from typing import Any, Protocol

from wasgo_chat_client.connection import Connection
from wasgo_chat_client.outbox import OutboxStore


class Surroundings(Protocol):
    """What a conversation needs of its chat."""

    connection: Connection
    outbox: OutboxStore
    user_id: str

    async def load(self, conversation_id: str, before_seq: int | None = None) -> dict[str, Any]:
        """A page of messages, newest first."""

    async def detail(self, conversation_id: str) -> dict[str, Any]:
        """The conversation as the user sees it."""

    async def mark_all_read(self, conversation_id: str) -> int:
        """Mark everything as read; how many are unread then."""

    def spawn(self, work: Any) -> None:
        """Do something beside."""

    def count_unread(self) -> None:
        """Ask for the unread counts soon."""
