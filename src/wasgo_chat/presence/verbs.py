"""Queries and writes of presence in the database: who may see whom, and when users were last seen."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from wasgo_chat.database.session import Tx, any_of
from wasgo_chat.identity.users import User
from wasgo_chat.membership.models import Participant
from wasgo_chat.presence.models import LastSeen


async def users_sharing_conversation(tx: Tx, user_id: str, others: Collection[str]) -> set[str]:
    """Which of these users are members of a conversation of a user now. The user shares one with themselves."""
    own, other = aliased(Participant), aliased(Participant)
    statement = (
        select(other.user_id)
        .join(own, own.conversation_id == other.conversation_id)
        .where(
            own.user_id == user_id,
            own.left_seq.is_(None),
            any_of(other.user_id, others),
            other.left_seq.is_(None),
        )
        .distinct()
    )
    return set((await tx.execute(statement)).scalars()) | ({user_id} & set(others))


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
