"""Checks PostgreSQL: connection, durability, clock, capacity, transactions and schema."""

import ssl
import time
from typing import Any

from sqlalchemy import text

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.settings.config import Settings
from wasgo_chat.tables import METADATA
from wasgo_chat.worker import BACKGROUND_POOL_SIZE, KEYED_POOL_SIZE

OLDEST_VERSION = 150_000
LONG_TRANSACTION_S = 60
SKEW_S, LARGE_SKEW_S = 2.0, 30.0

_LOGIN_ERRORS = {
    "28P01": ("Wrong user or password.", "Correct them in WASGO_CHAT_DATABASE_URL."),
    "28000": ("The server rejects this user from this address.", "Allow it in pg_hba.conf, or check the role."),
    "3D000": ("The database does not exist.", "Run CREATE DATABASE, then `wasgo-chat migrate`."),
    "42501": ("The user lacks permissions on the tables.", "Make the user the owner of the tables."),
}

_FACTS = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
       pg_is_in_recovery() AS is_standby, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('autovacuum') AS autovacuum, extract(epoch FROM clock_timestamp())::float8 AS now,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS slots,
       (SELECT count(*) FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
          AND application_name IS DISTINCT FROM 'wasgo-chat') AS others,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all, quote_ident(current_user) AS who
"""
# An index under construction is invalid too. pg_stat_progress_create_index shows the index only to its owner, but the
# progress and the locked tables to all roles.
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
FROM pg_stat_activity WHERE xact_start < now() - interval '{LONG_TRANSACTION_S} seconds' AND pid <> pg_backend_pid()
  AND backend_type = 'client backend' ORDER BY xact_start LIMIT 5
"""
_PREPARED = f"SELECT gid FROM pg_prepared_xacts WHERE prepared < now() - interval '{LONG_TRANSACTION_S} seconds'"
_SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE NOT active"


async def check_replicas(settings: Settings) -> list[Finding]:
    """Check the read replicas."""
    area = Area("replicas")
    for n, url in enumerate(settings.replica_urls, 1):
        db = Database(settings.model_copy(update={"database_url": url}))
        try:
            async with db.snapshot() as tx:
                is_standby = (await tx.execute(_sql("SELECT pg_is_in_recovery()"))).scalar_one()
            if is_standby:
                area.ok(f"Replica {n} is running.")
            else:
                area.warn(f"Replica {n} is a primary.", "List only standbys in WASGO_CHAT_REPLICA_URLS.")
        except Exception as error:
            reason = type(error).__name__
            area.warn(f"Replica {n} does not respond ({reason}).", "Check WASGO_CHAT_REPLICA_URLS.")
        finally:
            await db.close()
    return area.findings


async def check(settings: Settings, *, workers: int) -> list[Finding]:
    """Check the database."""
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
            area.error(
                "The server certificate is not trusted.", "Correct sslmode and sslrootcert in WASGO_CHAT_DATABASE_URL."
            )
        else:
            remedy = "Check the address in WASGO_CHAT_DATABASE_URL, that the server is running, and firewalls."
            area.error("The database does not respond.", remedy)
    except Exception as error:
        what, remedy = _LOGIN_ERRORS.get(
            _sqlstate(error), (f"The query failed: {type(error).__name__}.", "Check the log of PostgreSQL.")
        )
        area.error(what, remedy)
    finally:
        await db.close()
    return area.findings


def _check_server(area: Area, facts: Any) -> None:
    if facts.version < OLDEST_VERSION:
        area.error(f"PostgreSQL {facts.name} is too old.", "Upgrade to PostgreSQL 15 or newer.")
    else:
        area.ok(f"PostgreSQL {facts.name} is running.")
    if facts.is_standby:
        area.error(
            "The server is a read-only standby.", "Connect to the primary, or list both hosts; see docs/operations.md."
        )
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if getattr(facts, name) == "off"]
    if off:
        area.error(
            f"Committed data can be lost: {' and '.join(off)} off.",
            "Turn it on, for the server or for the role or database of WASGO_CHAT_DATABASE_URL.",
        )
    else:
        area.ok("Committed data survives a crash.")
    if facts.autovacuum == "off":
        area.warn("autovacuum is off: tables and indexes grow without limit.", "Turn it on.")


def _check_clock(area: Area, database_time: float, local_time: float) -> None:
    skew = abs(database_time - local_time)
    message = f"The clocks of the database and of this machine differ by {skew:.1f} s."
    if skew > LARGE_SKEW_S:
        area.error(message, "Synchronize both with NTP: message times and the expiry of tokens and links are wrong.")
    elif skew > SKEW_S:
        area.warn(message, "Synchronize both with NTP.")
    else:
        area.ok(message)


def _check_capacity(area: Area, facts: Any, settings: Settings, workers: int) -> None:
    per_worker = settings.database_pool_size + BACKGROUND_POOL_SIZE + KEYED_POOL_SIZE
    needed = per_worker * workers
    message = (
        f"{workers} workers can open {needed} connections; {facts.slots - facts.others} of {facts.slots} are free."
    )
    if needed > facts.slots - facts.others:
        area.warn(
            message, "Increase max_connections, or reduce WASGO_CHAT_DATABASE_POOL_SIZE or the number of workers."
        )
    else:
        area.ok(message)


async def _check_transactions(area: Area, tx: Tx, facts: Any) -> None:
    if not facts.sees_all:  # PostgreSQL then hides the state and start time of other roles' transactions
        area.warn(
            "Transactions of other roles cannot be seen: a forgotten psql or pg_dump would not be found.",
            f"GRANT pg_read_all_stats TO {facts.who}; it grants read access to statistics only.",
        )
    long = (await tx.execute(_sql(_LONG))).all()
    for row in long:
        area.warn(
            f"Process {row.pid} ({row.application}, {row.state}) has been in a transaction for {row.seconds} s.",
            f"It blocks vacuum and migrations. Find out why, or end it: SELECT pg_terminate_backend({row.pid}).",
        )
    for gid in (await tx.execute(_sql(_PREPARED))).scalars():
        area.warn(f"The prepared transaction {gid} is still open.", "Run COMMIT PREPARED or ROLLBACK PREPARED.")
    for name in (await tx.execute(_sql(_SLOTS))).scalars():
        area.warn(
            f"The replication slot {name} is inactive: it retains write-ahead log until the disk is full.",
            f"Start its consumer, or SELECT pg_drop_replication_slot('{name}').",
        )
    if not long:
        scope = "" if facts.sees_all else " of this role"
        area.ok(f"No transaction{scope} has been open for {LONG_TRANSACTION_S} s.")


async def _check_schema(area: Area, db: Database) -> None:
    applied = await migrations.applied_revisions(db)
    if applied != {migrations.head_revision()}:
        if migrations.is_newer_than_program(applied):
            area.warn(
                f"The schema is at migration {min(applied)}, which is newer than this program.",
                "Deploy the newer release.",
            )
        else:
            current = ", ".join(sorted(applied)) or "none"
            area.error(
                f"The schema is at migration {current}, not at {migrations.head_revision()}.",
                "Run `wasgo-chat migrate`.",
            )
        return
    async with db.snapshot() as tx:
        invalid = (await tx.execute(_sql(_INVALID))).scalars().all()
        present = set((await tx.execute(_sql(_INDEXES))).scalars())
    for name in invalid:
        area.error(
            f"The index {name} is not valid: it is maintained but never used.", f"REINDEX INDEX CONCURRENTLY {name};"
        )
    missing = sorted(_index_names() - present)
    for name in missing:
        area.error(f"The index {name} is missing.", "Create it as in its migration in migrations/versions.")
    if not invalid and not missing:
        area.ok(f"The schema is at migration {max(applied)}, with all indexes.")


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
