"""Begins a new epoch, after the logs lost events in a restore or a failover."""

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.session import Database
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.events.epochs import begin_epoch
from wasgo_chat.settings.config import Settings


async def begin(settings: Settings) -> list[Finding]:
    """Begin a new epoch. Running workers notice within seconds, and their clients load again."""
    area = Area("epoch")
    if not settings.database_url:
        area.error("There is no new epoch: WASGO_CHAT_DATABASE_URL is not set.", "Set it, then repeat the command.")
        return area.findings
    db = Database(settings)
    try:
        async with db.transaction() as tx:
            await begin_epoch(tx)
        area.ok("A new epoch has begun: clients load their conversations again.")
    except Unavailable:
        area.error(
            "There is no new epoch: the database does not respond.", "Fix the database, then repeat the command."
        )
    finally:
        await db.close()
    return area.findings
