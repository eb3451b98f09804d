"""Where a user stands in a conversation, and its head: what every join and every page asks first, for many at once.

The same condition as in `access.authorize`, as one statement for `database.batch_loader`; strangers and unknown ids are
both absent.
Who comes in by a token is looked up with it, so that a page costs one round trip and a join hardly more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request

from wasgo_chat.database.batch_loader import BatchLoader
from wasgo_chat.database.driver import PinnedConnection
from wasgo_chat.identity.users import USER_RECORD_COLUMNS, UserRecord

_MEMBERSHIPS = """
SELECT p.user_id, c.id, p.role, c.last_seq, c.reads_version, c.purged_seq
FROM unnest($1::text[], $2::uuid[]) AS k(user_id, conversation_id)
JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id AND p.left_seq IS NULL
JOIN conversations c ON c.id = k.conversation_id
"""

_USERS_AND_MEMBERSHIPS = """
SELECT k.user_id, k.conversation_id, p.role, c.last_seq, c.reads_version, c.purged_seq, COLUMNS
FROM unnest($1::text[], $2::uuid[]) AS k(user_id, conversation_id)
LEFT JOIN users u ON u.id = k.user_id
LEFT JOIN participants p ON p.conversation_id = k.conversation_id AND p.user_id = k.user_id AND p.left_seq IS NULL
LEFT JOIN conversations c ON c.id = p.conversation_id
""".replace("COLUMNS", USER_RECORD_COLUMNS)

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class MembershipHead:
    """A member's role, the head of the log, how often was read, and up to where the log is purged."""

    role: str
    last_seq: int
    reads_version: int
    purged_seq: int


async def fetch_memberships(direct: PinnedConnection, keys: Sequence[Key]) -> dict[Key, MembershipHead]:
    """By user and conversation, for `BatchLoader`."""
    records = await direct.fetch(_MEMBERSHIPS, [key[0] for key in keys], [key[1] for key in keys])
    return {(user_id, conversation_id): MembershipHead(*place) for user_id, conversation_id, *place in records}


class MembershipContext(Protocol):
    """What this package needs from the worker that serves a request."""

    memberships: BatchLoader[Key, MembershipHead]


async def _membership_loader(request: Request) -> BatchLoader[Key, MembershipHead]:
    worker: MembershipContext = request.app.state.worker
    return worker.memberships


MembershipLoader = Annotated[BatchLoader[Key, MembershipHead], Depends(_membership_loader)]


@dataclass(frozen=True, slots=True)
class UserAndMembership:
    """A user as a token is held against them, and their place; each None where there is none."""

    user: UserRecord | None
    membership: MembershipHead | None


async def fetch_users_and_memberships(direct: PinnedConnection, keys: Sequence[Key]) -> dict[Key, UserAndMembership]:
    """By user and conversation, for `BatchLoader`."""
    found: dict[Key, UserAndMembership] = {}
    records = await direct.fetch(_USERS_AND_MEMBERSHIPS, [key[0] for key in keys], [key[1] for key in keys])
    for user_id, conversation_id, role, last_seq, reads_version, purged_seq, *user in records:
        place = None if last_seq is None else MembershipHead(role, last_seq, reads_version, purged_seq)
        found[user_id, conversation_id] = UserAndMembership(None if user[0] is None else UserRecord(*user), place)
    return found


class PendingJoin:
    """One who comes in: their `find` tells `Authenticator` of the user, and remembers the place.

    `place` is None for a stranger; `is_found` says whether anybody was looked up at all.
    """

    def __init__(self, lookups: BatchLoader[Key, UserAndMembership], conversation_id: UUID) -> None:
        self.is_found = False
        self.membership: MembershipHead | None = None
        self._lookups = lookups
        self._conversation_id = conversation_id

    async def find_user(self, user_id: str) -> UserRecord | None:
        """See `Authenticator.from_bearer`."""
        entrance = await self._lookups.find((user_id, self._conversation_id))
        assert entrance is not None  # noqa: S101  there is a row for each key
        self.is_found, self.membership = True, entrance.membership
        return entrance.user
