"""`wasgo-chat purge`: what it says."""

from dataclasses import dataclass

from wasgo_chat.core.config import Settings
from wasgo_chat.database.session import Database
from wasgo_chat.retention.steps import PurgeResult
from wasgo_chat.retention.worker import count_due, purge_now

LONGEST_COUNT_S = 600.0
NAMED = 5
"""Conversations that are named, of those that could not be purged."""


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """Lines for a person, and whether all is done that was asked for."""

    lines: list[str]
    is_done: bool = True


async def purge(settings: Settings, *, dry_run: bool) -> PurgeReport:
    """Purge what is due, or only count it.

    Raises:
        Unavailable: the database does not answer, or is too busy. What was purged stays so.
    """
    if not settings.retention_days and not settings.notification_retention_days:
        return PurgeReport(
            ["Nothing is ever too old: WASGO_CHAT_RETENTION_DAYS names no type, e.g. support=365,bid=730."]
        )
    db = Database(settings.model_copy(update={"statement_timeout_s": LONGEST_COUNT_S}))
    try:
        if not dry_run:
            return _report(await purge_now(db))
        due = await count_due(db)
        lines = [
            f"{kind}: {messages} messages of {conversations} conversations" for kind, conversations, messages in due
        ]
        return PurgeReport(lines or ["Nothing is due."])
    finally:
        await db.close()


def _report(purged: PurgeResult) -> PurgeReport:
    lines = [f"Removed {purged.messages} messages and {purged.events} events, and emptied {purged.tombstones}."]
    if purged.held:
        lines.append(
            f"Left {len(purged.held)} conversations that were in use just then: run it again, or leave them to the "
            "service."
        )
    if purged.failed:
        named = ", ".join(f"{one} ({why})" for one, why in list(purged.failed.items())[:NAMED])
        lines.append(f"Could not purge {len(purged.failed)} conversations: {named}.")
    return PurgeReport(lines, is_done=not purged.held and not purged.failed)
