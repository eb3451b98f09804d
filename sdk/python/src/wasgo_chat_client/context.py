"""What a conversation needs from the chat it belongs to."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from wasgo_chat_client.connection import Connection
from wasgo_chat_client.outbox import OutboxStore
from wasgo_chat_client.rest_client import RestClient


class ConversationContext:
    """The shared state of all conversations of a chat.

    Args:
        connection: the WebSocket of the chat.
        rest: the REST client of the chat.
        outbox: where outgoing messages are kept.
        schedule_unread_refresh: schedules a request for the unread counts of all conversations.
    """

    def __init__(
        self,
        connection: Connection,
        rest: RestClient,
        outbox: OutboxStore,
        schedule_unread_refresh: Callable[[], None],
    ) -> None:
        self.user_id = ""
        self.connection = connection
        self.rest = rest
        self.outbox = outbox
        self.schedule_unread_refresh = schedule_unread_refresh
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the background, until `cancel_tasks`."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def cancel_tasks(self) -> None:
        """Cancel all background tasks, and wait for them."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
