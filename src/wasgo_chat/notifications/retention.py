"""Deletes notifications and dead deliveries that have expired, or whose messages have."""

from uuid import UUID

from sqlalchemy import text

from wasgo_chat.database.session import Tx

USERS_PAGE = 200

# The key begins with the user, so rows are found participant by participant. `last` is the last participant of a full
# page: that participant may have more rows, those before have none.
_DELETE_FOR_MESSAGES = """
WITH page AS (
    SELECT n.user_id, n.id FROM (
        SELECT user_id FROM participants WHERE conversation_id = :conversation_id AND user_id >= :after ORDER BY user_id
    ) p
    CROSS JOIN LATERAL (
        SELECT user_id, id FROM notifications
        WHERE user_id = p.user_id AND conversation_id = :conversation_id AND number <= :number LIMIT :page
    ) n
    ORDER BY p.user_id LIMIT :page
), deleted AS (
    DELETE FROM notifications n USING page p WHERE n.user_id = p.user_id AND n.id = p.id RETURNING 1
)
SELECT count(*) AS seen, max(user_id) AS last, (SELECT count(*) FROM deleted) AS deleted FROM page
"""

# Ids are UUIDv7 and begin with a timestamp. The key begins with the user, so expired rows are found user by user.
_OLDEST_KEPT_ID = """CAST(rpad(lpad(to_hex(CAST(floor(extract(epoch FROM now() - make_interval(days => :days)) * 1000)
    AS bigint)), 12, '0'), 32, '0') AS uuid)"""

_USERS = "SELECT id FROM users WHERE id > :after ORDER BY id LIMIT :users"

_DELETE_EXPIRED = f"""
DELETE FROM notifications n USING (
    SELECT oldest.user_id, oldest.id FROM ({_USERS}) u
    CROSS JOIN LATERAL (
        SELECT user_id, id FROM notifications WHERE user_id = u.id AND id < {_OLDEST_KEPT_ID}
        ORDER BY id LIMIT :page
    ) oldest
    LIMIT :page
) expired
WHERE n.user_id = expired.user_id AND n.id = expired.id RETURNING 1
"""

_DELETE_DEAD = f"""
DELETE FROM deliveries WHERE id IN (
    SELECT id FROM deliveries WHERE state = 'dead' AND id < {_OLDEST_KEPT_ID}
    ORDER BY id LIMIT :page FOR UPDATE SKIP LOCKED
)
RETURNING 1
"""


async def delete_for_messages(tx: Tx, conversation_id: UUID, number: int, *, after: str = "", page: int) -> str | None:
    """Delete a page of the notifications of a conversation's messages up to a number, from a participant on.

    Returns:
        The participant to continue with; None at the end.
    """
    params = {"conversation_id": conversation_id, "number": number, "after": after, "page": page}
    row = (await tx.execute(text(_DELETE_FOR_MESSAGES), params)).one()
    last: str | None = row.last if row.seen == page else None
    return last


async def delete_expired(tx: Tx, after: str, *, days: int, page: int) -> str | None:
    """Delete a page of the notifications older than `days`, of the `USERS_PAGE` users after `after`.

    Returns:
        The user to continue after: `after` again if the page was full, None at the end.
    """
    params = {"after": after, "users": USERS_PAGE, "days": days, "page": page}
    deleted = len((await tx.execute(text(_DELETE_EXPIRED), params)).all())
    users = (await tx.execute(text(_USERS), {"after": after, "users": USERS_PAGE})).scalars().all()
    if deleted == page:
        return after
    return users[-1] if len(users) == USERS_PAGE else None


async def delete_dead(tx: Tx, after: str, *, days: int, page: int) -> str | None:
    """Delete a page of the dead deliveries older than `days`.

    Returns:
        `after` if there may be more, None at the end.
    """
    deleted = len((await tx.execute(text(_DELETE_DEAD), {"days": days, "page": page})).all())
    return after if deleted == page else None
