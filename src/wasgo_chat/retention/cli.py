"""The command `wasgo-chat purge`."""

from collections.abc import Sequence
from dataclasses import dataclass

from wasgo_chat.database.session import Database
from wasgo_chat.feature import Retention
from wasgo_chat.retention.steps import PurgeResult
from wasgo_chat.retention.task import count_due, has_retention_period, purge_now
from wasgo_chat.settings.config import Settings

COUNT_TIMEOUT_S = 600.0
MAX_NAMED = 5
"""How many of the conversations that could not be purged are named in the output."""


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """The lines of output, and whether everything that is due was purged."""

    lines: list[str]
    is_done: bool = True


async def purge(settings: Settings, retention: Sequence[Retention] = (), *, dry_run: bool) -> PurgeReport:
    """Purge what is due, or only count it.

    Args:
        settings: of the deployment.
        retention: what expires apart from conversations, as the features declare it.
        dry_run: only count.

    Raises:
        Unavailable: the database does not respond, or is too busy. What was purged before stays purged.
    """
    if not has_retention_period(settings, retention):
        return PurgeReport(["No retention period is set. Set WASGO_CHAT_RETENTION_DAYS, such as support=365,bid=730."])
    db = Database(settings.model_copy(update={"statement_timeout_s": COUNT_TIMEOUT_S}))
    try:
        if not dry_run:
            return _report(await purge_now(db, retention))
        due = await count_due(db)
        lines = [
            f"{conversation_type}: {messages} messages in {conversations} conversations"
            for conversation_type, conversations, messages in due
        ]
        return PurgeReport(lines or ["Nothing to purge."])
    finally:
        await db.close()


def _report(purged: PurgeResult) -> PurgeReport:
    lines = [
        f"Deleted {purged.messages} messages and {purged.events} events, and cleared {purged.tombstones} messages."
    ]
    if purged.locked:
        lines.append(
            f"Skipped {len(purged.locked)} conversations that were locked. Run the command again, or let the service "
            "purge them."
        )
    if purged.failed:
        failures = list(purged.failed.items())[:MAX_NAMED]
        named = ", ".join(f"{conversation_id} ({error})" for conversation_id, error in failures)
        lines.append(f"Failed to purge {len(purged.failed)} conversations: {named}.")
    return PurgeReport(lines, is_done=not purged.locked and not purged.failed)
