"""Notifications, and deliveries that came to nothing, that are past their time, or whose message is."""

from uuid import UUID

from sqlalchemy import text

from wasgo_chat.database.session import Tx

USERS_PAGE = 200

# Their key begins with the user, so they are found member by member. The first member of whom some may be left is gone
# on with; of those before, none is.
_FORGET = """
WITH page AS (
    SELECT n.user_id, n.id FROM (
        SELECT user_id FROM participants WHERE conversation_id = :conversation_id AND user_id >= :after ORDER BY user_id
    ) p
    CROSS JOIN LATERAL (
        SELECT user_id, id FROM notifications
        WHERE user_id = p.user_id AND conversation_id = :conversation_id AND number <= :number LIMIT :page
    ) n
    ORDER BY p.user_id LIMIT :page
), gone AS (
    DELETE FROM notifications n USING page p WHERE n.user_id = p.user_id AND n.id = p.id RETURNING 1
)
SELECT count(*) AS seen, max(user_id) AS last, (SELECT count(*) FROM gone) AS gone FROM page
"""

# The ids are UUIDv7, which begin with their time. Notifications are kept by user, so the oldest of each are found.
_BOUND = """CAST(rpad(lpad(to_hex(CAST(floor(extract(epoch FROM now() - make_interval(days => :days)) * 1000)
    AS bigint)), 12, '0'), 32, '0') AS uuid)"""

_USERS = "SELECT id FROM users WHERE id > :after ORDER BY id LIMIT :users"

_DROP = f"""
DELETE FROM notifications n USING (
    SELECT o.user_id, o.id FROM ({_USERS}) u
    CROSS JOIN LATERAL (
        SELECT user_id, id FROM notifications WHERE user_id = u.id AND id < {_BOUND} ORDER BY id LIMIT :page) o
    LIMIT :page
) old
WHERE n.user_id = old.user_id AND n.id = old.id RETURNING 1
"""

_DROP_DEAD = f"""
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries WHERE state = 'dead' AND id < {_BOUND} ORDER BY id LIMIT :page FOR UPDATE SKIP LOCKED)
RETURNING 1
"""


async def delete_for_messages(tx: Tx, conversation_id: UUID, number: int, *, after: str = "", page: int) -> str | None:
    """Remove a page of the notifications of the messages of a conversation up to a number, from a member on.

    Returns:
        The member to go on with; None at the end.
    """
    given = {"conversation_id": conversation_id, "number": number, "after": after, "page": page}
    row = (await tx.execute(text(_FORGET), given)).one()
    last: str | None = row.last if row.seen == page else None
    return last


async def delete_expired(tx: Tx, after: str, *, days: int, page: int) -> tuple[int, str | None]:
    """Remove a page of notifications that are older than so many days, of the next users after one.

    Returns:
        How many went, and the user to go on after, None at the end. The same users again, if a page was full.
    """
    given = {"after": after, "users": USERS_PAGE, "days": days, "page": page}
    gone = len((await tx.execute(text(_DROP), given)).all())
    users = (await tx.execute(text(_USERS), {"after": after, "users": USERS_PAGE})).scalars().all()
    if gone == page:
        return gone, after
    return gone, users[-1] if len(users) == USERS_PAGE else None


async def delete_dead(tx: Tx, *, days: int, page: int) -> int:
    """Remove a page of dead deliveries that are older than so many days; how many."""
    return len((await tx.execute(text(_DROP_DEAD), {"days": days, "page": page})).all())
