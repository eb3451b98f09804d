"""Queries and writes of presence in the database: when users were last seen. `membership.acquaintance` says who may
see whom.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.identity.users import User
from wasgo_chat.presence.models import LastSeen


async def last_seen(tx: Tx, user_ids: Collection[str]) -> dict[str, datetime]:
    """When these users were last online. Those who never were are left out."""
    rows = await tx.execute(select(LastSeen.user_id, LastSeen.seen_at).where(any_of(LastSeen.user_id, user_ids)))
    return {row.user_id: row.seen_at for row in rows}


async def record_seen(tx: Tx, user_ids: Sequence[str]) -> None:
    """Record that these users are online now."""
    # Without erased users: the connections of a user who is being erased close too.
    seen = select(User.id, func.now()).where(any_of(User.id, user_ids), User.erased_at.is_(None))
    statement = insert(LastSeen).from_select(["user_id", "seen_at"], seen.order_by(User.id))
    await tx.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"seen_at": func.now()}))
