"""Memberships and heads by user and conversation, for many keys at once: the first query of every join and every page.

The same condition as in `access.authorize`, as one statement for `database.batch_loader`; conversations that do not
exist and those of others are both absent. A token's user is read in the same statement, so a page costs one round trip
and a join hardly more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request

from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.pinned import PinnedConnection
from wasgo_chat.events.epochs import EPOCH_SQL
from wasgo_chat.identity.users import USER_RECORD_COLUMNS, UserRecord

_MEMBERSHIPS = f"""
SELECT p.user_id, c.id, p.role, c.last_seq, c.reads_version, c.purged_seq, {EPOCH_SQL}
FROM unnest($1::text[], $2::uuid[]) AS k(user_id, conversation_id)
JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id AND p.left_seq IS NULL
JOIN conversations c ON c.id = k.conversation_id
"""

_USERS_AND_MEMBERSHIPS = f"""
SELECT k.user_id, k.conversation_id, p.role, c.last_seq, c.reads_version, c.purged_seq, {EPOCH_SQL},
       {USER_RECORD_COLUMNS}
FROM unnest($1::text[], $2::uuid[]) AS k(user_id, conversation_id)
LEFT JOIN users u ON u.id = k.user_id
LEFT JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id AND p.left_seq IS NULL
LEFT JOIN conversations c ON c.id = p.conversation_id
"""

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class MembershipHead:
    """A member's role, the head of the log, the version of the read receipts, the last purged seq, and the epoch."""

    role: str
    last_seq: int
    reads_version: int
    purged_seq: int
    epoch: str


async def fetch_memberships(direct: PinnedConnection, keys: Sequence[Key]) -> dict[Key, MembershipHead]:
    """Current memberships by user and conversation, for `BatchLoader`."""
    records = await direct.fetch(_MEMBERSHIPS, [key[0] for key in keys], [key[1] for key in keys])
    return {(user_id, conversation_id): MembershipHead(*head) for user_id, conversation_id, *head in records}


class MembershipContext(Protocol):
    """What this package needs from the worker that serves a request."""

    memberships: BatchLoader[Key, MembershipHead]


async def _membership_loader(request: Request) -> BatchLoader[Key, MembershipHead]:
    worker: MembershipContext = request.app.state.worker
    return worker.memberships


MembershipLoader = Annotated[BatchLoader[Key, MembershipHead], Depends(_membership_loader)]


@dataclass(frozen=True, slots=True)
class UserAndMembership:
    """A user's record, for checking their token, and their membership; each None if there is none."""

    user: UserRecord | None
    membership: MembershipHead | None


async def fetch_users_and_memberships(direct: PinnedConnection, keys: Sequence[Key]) -> dict[Key, UserAndMembership]:
    """Users and current memberships by user and conversation, for `BatchLoader`."""
    by_key: dict[Key, UserAndMembership] = {}
    records = await direct.fetch(_USERS_AND_MEMBERSHIPS, [key[0] for key in keys], [key[1] for key in keys])
    for user_id, conversation_id, role, last_seq, reads_version, purged_seq, epoch, *user in records:
        head = None if last_seq is None else MembershipHead(role, last_seq, reads_version, purged_seq, epoch)
        record = None if user[0] is None else UserRecord(*user)
        by_key[user_id, conversation_id] = UserAndMembership(record, head)
    return by_key


class PendingJoin:
    """A user joining a conversation, or reading a page of it.

    `find_user` is the lookup for `Authenticator.from_bearer` and stores the membership on the way. `membership` is None
    for users who are not members; `is_found` says whether `find_user` was called.
    """

    def __init__(self, lookups: BatchLoader[Key, UserAndMembership], conversation_id: UUID) -> None:
        self.is_found = False
        self.membership: MembershipHead | None = None
        self._lookups = lookups
        self._conversation_id = conversation_id

    async def find_user(self, user_id: str) -> UserRecord | None:
        """The user's record; None if there is no such user."""
        row = await self._lookups.find((user_id, self._conversation_id))
        assert row is not None  # noqa: S101  the statement returns a row for each key
        self.is_found, self.membership = True, row.membership
        return row.user
