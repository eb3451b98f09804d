"""Checks PostgreSQL: connection, durability, clock, capacity, transactions and schema."""

import time
from typing import Any

from sqlalchemy import text

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database import migrations
from wasgo_chat.database.diagnosis import diagnose
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.pooling import ineffective_parameters, session_parameters
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.settings.config import Settings
from wasgo_chat.tables import METADATA
from wasgo_chat.worker import BACKGROUND_POOL_SIZE, KEYED_POOL_SIZE

OLDEST_VERSION = 150_000
LONG_TRANSACTION_S = 60
SKEW_S, LARGE_SKEW_S = 2.0, 30.0

_FACTS = """
SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
       pg_is_in_recovery() AS is_standby, current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('autovacuum') AS autovacuum, extract(epoch FROM clock_timestamp())::float8 AS now,
       least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true)::int, 0),
             (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
             (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)) AS slots,
       (SELECT count(*) FROM pg_stat_activity
        WHERE coalesce(backend_type, 'client backend') = 'client backend' AND datid IS NOT NULL
          AND pid <> pg_backend_pid()
          AND NOT (application_name = 'wasgo-chat' AND datname = current_database() AND usename = current_user
                   AND client_addr IS NOT DISTINCT FROM inet_client_addr())) AS others,
       current_setting('default_transaction_read_only') AS read_only, current_schema() AS schema,
       has_schema_privilege(current_schema(), 'CREATE') AS may_create,
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
# Tables of the service that the role may not use.
_FORBIDDEN = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY(:tables) AND c.relkind IN ('r', 'p')
  AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
           AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
ORDER BY 1
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
            await _check_parameters(area, tx, settings)
            await _check_transactions(area, tx, facts)
        await _check_schema(area, db, facts)
        if settings.database_pooler:
            await _check_direct(area, settings)
    except Exception as error:
        diagnosis = diagnose(error)
        if diagnosis is None:
            area.error(f"The query failed: {type(error).__name__}.", "Check the log of PostgreSQL.")
        else:
            area.error(diagnosis.what, diagnosis.remedy)
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
    elif facts.read_only == "on":
        area.error(
            "The database refuses writes: default_transaction_read_only is on.",
            "Turn it off for the server, the database or the role. Managed databases turn it on if their disk is full.",
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
    sessions = 1 + workers  # each worker keeps one for its roles, and one at a time opens another for a purge
    if settings.database_pooler:
        area.ok(f"{workers} workers can open {per_worker * workers} connections to the pooler.")
        return
    needed, free = per_worker * workers + sessions, facts.slots - facts.others
    message = f"{workers} workers can open {needed} connections; {free} of {facts.slots} are free."
    if needed > free:
        area.warn(
            message,
            "Increase max_connections or the limit of the role or database, or reduce WASGO_CHAT_DATABASE_POOL_SIZE or "
            "the number of workers.",
        )
    else:
        area.ok(message)


async def _check_parameters(area: Area, tx: Tx, settings: Settings) -> None:
    lost = await ineffective_parameters(tx, session_parameters(settings))
    if lost:
        values = ", ".join(f"{name} is {value}" for name, value in lost.items())
        area.error(
            f"Session parameters of the service have no effect: {values}.",
            "A connection pooler ignores them, so nothing limits how long requests wait. Set "
            "WASGO_CHAT_DATABASE_POOLER=true; see docs/operations.md#connection-poolers.",
        )
    else:
        area.ok("Timeouts of statements, locks and idle transactions are in effect.")


async def _check_direct(area: Area, settings: Settings) -> None:
    """Check that DATABASE_DIRECT_URL names the same database, and not a pooler in transaction mode."""
    direct = Database(settings.without_pooler(), pool_size=1)
    try:
        async with direct.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            backends = {(await connection.execute(_sql("SELECT pg_backend_pid()"))).scalar_one() for _ in range(3)}
            applied = (await connection.execute(_sql("SHOW lock_timeout"))).scalar_one()
    except (Unavailable, *DRIVER_ERRORS) as error:
        diagnosis = diagnose(error)
        what = type(error).__name__ if diagnosis is None else diagnosis.what
        area.error(
            f"WASGO_CHAT_DATABASE_DIRECT_URL cannot be used: {what}",
            "Set it to the URL of the database without the pooler.",
        )
    else:
        if len(backends) > 1 or applied == "0":
            area.error(
                "WASGO_CHAT_DATABASE_DIRECT_URL names a connection pooler.",
                "Set it to the URL of the database without the pooler: locks of migrations and purges need a session.",
            )
        else:
            area.ok("Migrations and purges use a direct connection.")
    finally:
        await direct.close()


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


async def _check_schema(area: Area, db: Database, facts: Any) -> None:
    if facts.schema is None:
        area.error(
            "No schema of the search path exists.",
            "Run CREATE SCHEMA, or correct `options` in WASGO_CHAT_DATABASE_URL or the search_path of the role.",
        )
        return
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
            if not facts.may_create:
                area.error(
                    f"The role {facts.who} may not create tables in the schema {facts.schema}.",
                    f"GRANT CREATE ON SCHEMA {facts.schema} TO {facts.who}; or migrate with another role.",
                )
        return
    async with db.snapshot() as tx:
        forbidden = (await tx.execute(_sql(_FORBIDDEN), {"tables": list(METADATA.tables)})).scalars().all()
        invalid = (await tx.execute(_sql(_INVALID))).scalars().all()
        present = set((await tx.execute(_sql(_INDEXES))).scalars())
    if forbidden:
        area.error(
            f"The role {facts.who} may not read and write all tables, for example {forbidden[0]}.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {facts.schema} TO {facts.who};",
        )
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
