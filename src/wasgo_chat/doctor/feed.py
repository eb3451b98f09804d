"""Checks the global feed: whether it follows the logs, whether its consumers follow it, and its partitions."""

from collections.abc import Sequence
from datetime import UTC, timedelta

from sqlalchemy import text

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.feed.lag import feed_lag
from wasgo_chat.feed.partitions import DAYS_AHEAD, day_of
from wasgo_chat.settings.config import Settings

BEHIND_S = 60.0

_PARTITIONS = """
SELECT now() AS now, pg_has_role(current_user, c.relowner, 'USAGE') AS is_owner, ARRAY(
    SELECT CAST(i.inhrelid AS regclass)\\:\\:text FROM pg_inherits i WHERE i.inhparent = c.oid) AS names
FROM pg_class c WHERE c.oid = CAST('feed' AS regclass)
"""


async def check(settings: Settings, consumers: Sequence[str]) -> list[Finding]:
    """Check the feed and these consumers. The check of the database reports that it does not respond."""
    area = Area("feed")
    if not settings.database_url:
        return area.findings
    db = Database(settings, pool_size=1)
    try:
        async with db.snapshot() as tx:
            await _check_lags(area, tx, consumers)
            await _check_partitions(area, tx, settings)
    except Unavailable:
        pass
    except Exception as error:
        if getattr(getattr(error, "orig", None), "sqlstate", None) != "42P01":  # not migrated
            raise
    finally:
        await db.close()
    return area.findings


async def _check_lags(area: Area, tx: Tx, consumers: Sequence[str]) -> None:
    lag = await feed_lag(tx, consumers)
    if lag.feed.age_s > BEHIND_S:
        area.error(
            f"{lag.feed.events} events are not in the feed, the oldest for {lag.feed.age_s:.0f} s.",
            "Start the service. If it runs, look for `sequencer_failed` in its log.",
        )
    else:
        area.ok("The feed follows the logs.")
    for one in lag.consumers:
        if one.is_rebuilding:
            area.ok(f"The consumer {one.consumer} is being rebuilt.")
        elif one.lag.age_s > BEHIND_S:
            area.warn(
                f"The consumer {one.consumer} is {one.lag.events} events and {one.lag.age_s:.0f} s behind.",
                "Look for `consumer_failed` in the log of the service, and at the load of the database.",
            )
        if one.parked_events:
            area.warn(
                f"The consumer {one.consumer} could not process events of {one.parked_conversations} conversations.",
                f"`wasgo-chat consumers parked {one.consumer}` lists them, and the log of the service has the errors.",
            )


async def _check_partitions(area: Area, tx: Tx, settings: Settings) -> None:
    found = (await tx.execute(text(_PARTITIONS))).one()
    days = {day_of(name.rpartition(".")[2]) for name in found.names}
    today = found.now.astimezone(UTC).date()
    if not found.is_owner:
        area.error(
            "The role does not own the table feed, so it can neither create nor drop partitions.",
            "Make the role of the service the owner of the tables, or a member of the owner.",
        )
    elif days and today + timedelta(days=1) not in days:
        area.warn(
            "The feed has no partition for tomorrow.",
            f"The service creates partitions {DAYS_AHEAD} days ahead: look for `feed_maintenance_failed` in its log.",
        )
    elif any(day < today - timedelta(days=settings.feed_days + 1) for day in days):
        area.warn(
            f"The feed has partitions older than {settings.feed_days} days.",
            "A long transaction keeps them, such as a backup; or look for `feed_maintenance_failed` in the log.",
        )
    else:
        area.ok("The partitions of the feed are complete.")
