"""`wasgo-chat purge`: what it says."""

from wasgo_chat.core.config import CannotStart, Settings
from wasgo_chat.core.db import Database
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.retention.purger import purge_now, what_is_due

LONGEST_COUNT_S = 600.0


async def purge(settings: Settings, *, dry_run: bool) -> list[str]:
    """Purge what is due, or only count it; lines for a person.

    Raises:
        CannotStart: the database does not answer.
    """
    if not settings.retention_days and not settings.notification_retention_days:
        return ["Nothing is ever too old: WASGO_CHAT_RETENTION_DAYS names no type, e.g. support=365,bid=730."]
    db = Database(settings.model_copy(update={"statement_timeout_s": LONGEST_COUNT_S}))
    try:
        if not dry_run:
            purged = await purge_now(db)
            return [f"Removed {purged.messages} messages and {purged.events} events, and emptied {purged.tombstones}."]
        due = await what_is_due(db)
        lines = [
            f"{kind}: {messages} messages of {conversations} conversations" for kind, conversations, messages in due
        ]
        return lines or ["Nothing is due."]
    except Unavailable as error:
        raise CannotStart("The database named by WASGO_CHAT_DATABASE_URL does not answer.") from error
    finally:
        await db.close()
