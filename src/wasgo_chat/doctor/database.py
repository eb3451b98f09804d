"""PostgreSQL: whether it is there, keeps what it commits, has our tables as they should be, and room for us."""

import ssl
import time
from typing import Any

from sqlalchemy import text

from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.tables import METADATA
from wasgo_chat.worker import BACKGROUND_POOL_SIZE, KEYED_POOL_SIZE

OLDEST_VERSION = 150_000
LONG_S = 60
SKEW_S, FAR_OFF_S = 2.0, 30.0

_REFUSALS = {
    "28P01": ("It refuses the user or the password.", "Correct them in WASGO_CHAT_DATABASE_URL."),
    "28000": ("It refuses this user from this address.", "Let it in: pg_hba.conf, or the role."),
    "3D000": ("There is no such database.", "Create it: CREATE DATABASE …, then run `wasgo-chat migrate`."),
    "42501": ("The user may not read what the service needs.", "Make it the owner of the database's tables."),
}

_FACTS = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
       pg_is_in_recovery() AS is_standby, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('autovacuum') AS autovacuum, extract(epoch FROM clock_timestamp())::float8 AS now,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS room,
       (SELECT count(*) FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
          AND application_name IS DISTINCT FROM 'wasgo-chat') AS others,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all, quote_ident(current_user) AS who
"""
# One that is being built is not valid either. Which index it is, is shown to its owner only; that somebody builds one,
# and which tables they hold, to everybody.
_INVALID = """
SELECT indexrelid::regclass::text FROM pg_index i
WHERE (NOT indisvalid OR NOT indisready) AND NOT EXISTS (
    SELECT FROM pg_stat_progress_create_index p JOIN pg_locks l ON l.pid = p.pid
    WHERE l.relation = i.indrelid AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1
"""
_INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
_LONG = f"""
SELECT pid, coalesce(application_name, '') AS application, state, extract(epoch FROM now() - xact_start)::int AS seconds
FROM pg_stat_activity WHERE xact_start < now() - interval '{LONG_S} seconds' AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' ORDER BY xact_start LIMIT 5
"""
_PREPARED = f"SELECT gid FROM pg_prepared_xacts WHERE prepared < now() - interval '{LONG_S} seconds'"
_SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE NOT active"


async def check_replicas(settings: Settings) -> list[Finding]:
    """Whether the standbys that may answer are there, and are standbys."""
    area = Area("replicas")
    for n, url in enumerate(settings.replica_urls, 1):
        db = Database(settings.model_copy(update={"database_url": url}))
        try:
            async with db.snapshot() as tx:
                is_standby = (await tx.execute(_sql("SELECT pg_is_in_recovery()"))).scalar_one()
            if is_standby:
                area.ok(f"The standby {n} answers.")
            else:
                area.warn(f"Replica {n} is a primary.", "Name standbys of the database in WASGO_CHAT_REPLICA_URLS.")
        except Exception as error:
            what = type(error).__name__
            area.warn(f"Replica {n} does not answer ({what}).", "Check WASGO_CHAT_REPLICA_URLS; the database answers.")
        finally:
            await db.close()
    return area.findings


async def check(settings: Settings, *, workers: int) -> list[Finding]:
    """Everything about the database."""
    area = Area("database")
    if not settings.database_url:
        area.error("WASGO_CHAT_DATABASE_URL is not set.", "Set it to postgresql://user:password@host/name.")
        return area.findings
    db = Database(settings)
    try:
        async with db.snapshot() as tx:
            before = time.time()
            facts = (await tx.execute(_sql(_FACTS))).one()
            _check_server(area, facts)
            _check_clock(area, facts.now, (before + time.time()) / 2)
            _check_capacity(area, facts, settings, workers)
            await _check_transactions(area, tx, facts)
        await _check_schema(area, db)
    except Unavailable as error:
        if isinstance(error.__cause__, ssl.SSLCertVerificationError):
            area.error("Its certificate is not trusted.", "Correct sslmode and sslrootcert in WASGO_CHAT_DATABASE_URL.")
        else:
            remedy = "Check the address in WASGO_CHAT_DATABASE_URL, that it runs, and who may reach it."
            area.error("It does not answer.", remedy)
    except Exception as error:
        what, remedy = _REFUSALS.get(
            _sqlstate(error), (f"It cannot be asked: {type(error).__name__}.", "See its own log.")
        )
        area.error(what, remedy)
    finally:
        await db.close()
    return area.findings


def _check_server(area: Area, facts: Any) -> None:
    if facts.version < OLDEST_VERSION:
        area.error(f"PostgreSQL {facts.name} is too old.", "Upgrade it to 15 or newer.")
    else:
        area.ok(f"PostgreSQL {facts.name} answers.")
    if facts.is_standby:
        area.error(
            "It is a standby, which takes no writes.", "Name the primary, or both hosts; see docs/operations.md."
        )
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if getattr(facts, name) == "off"]
    if off:
        area.error(
            f"It may forget what it has committed: {' and '.join(off)} off.",
            "Turn it on, for the server or for the role or database of WASGO_CHAT_DATABASE_URL.",
        )
    else:
        area.ok("What it has committed outlives a crash.")
    if facts.autovacuum == "off":
        area.warn("autovacuum is off: tables and indexes grow for ever.", "Turn it on.")


def _check_clock(area: Area, theirs: float, ours: float) -> None:
    skew = abs(theirs - ours)
    said = f"The database's clock and this machine's differ by {skew:.1f} s."
    if skew > FAR_OFF_S:
        area.error(said, "Set both by NTP: times of messages and the ends of tokens and links go wrong.")
    elif skew > SKEW_S:
        area.warn(said, "Set both by NTP.")
    else:
        area.ok(said)


def _check_capacity(area: Area, facts: Any, settings: Settings, workers: int) -> None:
    each = settings.database_pool_size + BACKGROUND_POOL_SIZE + KEYED_POOL_SIZE
    needed = each * workers
    said = f"{workers} workers may open {needed} connections; {facts.room - facts.others} of {facts.room} are free."
    if needed > facts.room - facts.others:
        area.warn(said, "Raise max_connections, or lower WASGO_CHAT_DATABASE_POOL_SIZE or the number of workers.")
    else:
        area.ok(said)


async def _check_transactions(area: Area, tx: Tx, facts: Any) -> None:
    if not facts.sees_all:  # of other roles PostgreSQL then shows that they are there, and neither what nor since when
        area.warn(
            "What other roles do cannot be seen: a forgotten psql or pg_dump of theirs would not be found.",
            f"GRANT pg_read_all_stats TO {facts.who}; it lets the doctor see, and nothing be changed.",
        )
    long = (await tx.execute(_sql(_LONG))).all()
    for row in long:
        area.warn(
            f"Process {row.pid} ({row.application}, {row.state}) has been in a transaction for {row.seconds} s.",
            f"Find out why: it holds up vacuum and migrations. SELECT pg_terminate_backend({row.pid}) ends it.",
        )
    for gid in (await tx.execute(_sql(_PREPARED))).scalars():
        area.warn(f"The prepared transaction {gid} is left behind.", "COMMIT PREPARED or ROLLBACK PREPARED it.")
    for name in (await tx.execute(_sql(_SLOTS))).scalars():
        area.warn(
            f"Nobody reads the replication slot {name}: the write-ahead log is kept for it, until the disk is full.",
            f"Start its reader, or SELECT pg_drop_replication_slot('{name}').",
        )
    if not long:
        whose = "" if facts.sees_all else " of this role"
        area.ok(f"No transaction{whose} has been open for {LONG_S} s.")


async def _check_schema(area: Area, db: Database) -> None:
    found = await migrations.applied_revisions(db)
    if found != {migrations.head_revision()}:
        if migrations.is_newer_than_program(found):
            area.warn(
                f"It is at migration {min(found)}, which is newer than this program.", "Deploy the newer release."
            )
        else:
            at = ", ".join(sorted(found)) or "none"
            area.error(f"It is at migration {at}, not at {migrations.head_revision()}.", "Run `wasgo-chat migrate`.")
        return
    async with db.snapshot() as tx:
        invalid = (await tx.execute(_sql(_INVALID))).scalars().all()
        present = set((await tx.execute(_sql(_INDEXES))).scalars())
    for name in invalid:
        area.error(
            f"The index {name} is not valid: it is written and never used.", f"REINDEX INDEX CONCURRENTLY {name};"
        )
    missing = sorted(_index_names() - present)
    for name in missing:
        area.error(f"The index {name} is missing.", "Create it as its migration in migrations/versions does.")
    if not invalid and not missing:
        area.ok(f"It is at migration {max(found)}, with all its indexes.")


def _index_names() -> set[str]:
    return {str(index.name) for table in METADATA.tables.values() for index in table.indexes}


def _sql(statement: str) -> Any:
    return text(statement.replace("::", r"\:\:"))


def _sqlstate(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(state := getattr(error, "sqlstate", None), str):
            return state
        error = getattr(error, "orig", None) or error.__cause__
    return ""
