"""What the routes of messages need from the worker that serves a request. `Worker` satisfies it structurally."""

from typing import Protocol
from uuid import UUID

from starlette.requests import HTTPConnection

from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.pinned import PinnedPool
from wasgo_chat.http.context import HttpContext
from wasgo_chat.membership.lookups import UserAndMembership
from wasgo_chat.messages.sending.group_commit import GroupCommit


class MessagesContext(HttpContext, Protocol):
    """The parts of a worker that send messages and read pages of them."""

    group_commit: GroupCommit
    newest_pages: PinnedPool
    users_and_memberships: BatchLoader[tuple[str, UUID], UserAndMembership]


def messages_context(connection: HTTPConnection) -> MessagesContext:
    """The worker that serves this connection."""
    worker: MessagesContext = connection.app.state.worker
    return worker
