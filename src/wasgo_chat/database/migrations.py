"""Database migrations with Alembic: find and apply them, and compare the revision of a database.

Alembic is imported only for migrating: it would add a quarter to the start-up time of a worker. The expected revision
is therefore read from the file names of the migrations, which start with consecutive numbers.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.diagnosis import diagnose
from wasgo_chat.database.errors import DRIVER_ERRORS, is_unavailable
from wasgo_chat.database.session import Database
from wasgo_chat.settings.config import CannotStart, Settings

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger(__name__)

LOCK_TIMEOUT_MS = 5_000
PATIENCE_S = 120.0
WAIT_FOR_OTHERS_S = 600.0
FIRST_RETRY_S = 1.0
MAX_RETRY_S = 15.0

_PACKAGE = Path(__file__).resolve().parent.parent
_CHOICES = (_PACKAGE / "migrations", _PACKAGE.parent.parent / "migrations")
_UNDEFINED_TABLE = "42P01"
_LOCK_SQLSTATES = frozenset(["55P03", "40P01"])
"""Lock not available, deadlock: another session held a required lock; retry."""
BASE = "base"
"""Alembic's name for a database without migrations."""
_NUMBER = re.compile(r"[0-9]{4}")


class MigrationInProgress(CannotStart):
    """Another migration of this database is running and does not finish."""

    def __init__(self) -> None:
        super().__init__("Another `wasgo-chat migrate` is running on this database: wait for it or terminate it.")


class LockNotAcquired(CannotStart):
    """A migration could not acquire its lock, despite retries."""

    def __init__(self, lock_wait_s: float) -> None:
        super().__init__(
            f"A migration could not acquire its lock within {lock_wait_s:g} s: look for long transactions "
            "(`wasgo-chat doctor` lists them) and run `wasgo-chat migrate` again. It continues where it stopped."
        )


def config(database_url: str = "") -> "Config":
    """The Alembic configuration for a database. In a wheel, the migrations are inside the package."""
    from alembic.config import Config  # noqa: PLC0415  see above

    alembic = Config()
    alembic.set_main_option("script_location", str(_folder()))
    alembic.attributes["database_url"] = database_url
    return alembic


def upgrade(
    database_url: str,
    revision: str = "head",
    *,
    lock_wait_s: float = PATIENCE_S,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> None:
    """Upgrade a database to a revision. Runs its own event loop, so it must not be called inside of one.

    A migration that cannot acquire its lock lets other sessions proceed and retries, for up to `lock_wait_s`. Completed
    migrations are kept on failure.

    Raises:
        MigrationInProgress, LockNotAcquired: another session did not finish in time.
        CannotStart: the revision does not exist or cannot be reached from the current one, or the database refuses the
            login or the changes.
        Unavailable: the database does not respond.
    """
    from alembic import command  # noqa: PLC0415  see above

    alembic = config(database_url)
    alembic.attributes["lock_timeout_ms"] = lock_timeout_ms
    with _safe_message(revision):
        _retry_locked(lambda: command.upgrade(alembic, revision), lock_wait_s)


def downgrade(database_url: str, revision: str, *, lock_wait_s: float = PATIENCE_S) -> None:
    """Downgrade a database to a revision. Runs its own event loop, so it must not be called inside of one.

    Raises:
        As `upgrade`.
    """
    from alembic import command  # noqa: PLC0415  see above

    alembic = config(database_url)
    with _safe_message(revision):
        _retry_locked(lambda: command.downgrade(alembic, revision), lock_wait_s)


def create_index_concurrently(
    name: str,
    table: str,
    columns: Sequence[str],
    *,
    unique: bool = False,
    where: str | None = None,
    using: str | None = None,
) -> None:
    """For migrations: create an index without blocking writes, outside of a transaction.

    Columns that start with a parenthesis are expressions. A failed attempt leaves an invalid index behind, which
    `IF NOT EXISTS` would accept; so an existing index is dropped first.
    """
    from alembic import op  # noqa: PLC0415  see above

    with op.get_context().autocommit_block():
        # It waits for older transactions, but blocks nothing meanwhile, so it needs no timeout.
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.create_index(
            name,
            table,
            [text(column) if column.startswith("(") else column for column in columns],
            unique=unique,
            postgresql_using=using,
            postgresql_where=None if where is None else text(where),
            postgresql_concurrently=True,
        )
        op.execute("RESET lock_timeout")


def drop_index_concurrently(name: str) -> None:
    """For migrations: drop an index without blocking writes."""
    from alembic import op  # noqa: PLC0415  see above

    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


@cache
def head_revision() -> str:
    """The newest revision this program knows."""
    return max(script.name.partition("_")[0] for script in (_folder() / "versions").glob("[0-9]*_*.py"))


def current_revision(settings: Settings) -> str:
    """The revision of a database, or `base`. Runs its own event loop, so it must not be called inside of one.

    Raises:
        Unavailable: the database does not respond.
    """

    async def fetch() -> frozenset[str]:
        db = Database(settings)
        try:
            return await applied_revisions(db)
        finally:
            await db.close()

    return ", ".join(sorted(asyncio.run(fetch()))) or BASE


def is_before(revision: str, current: str) -> bool:
    """Whether a revision is older than the current one of a database."""
    return revision != current and (revision == BASE or (revision.isdecimal() and revision < current))


async def applied_revisions(db: Database) -> frozenset[str]:
    """The revisions of a database; empty if it was never migrated.

    Raises:
        Unavailable: the database does not respond.
    """
    try:
        async with db.snapshot() as tx:
            return frozenset((await tx.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
            return frozenset()
        raise


async def is_current(db: Database) -> bool:
    """Whether a database is at this program's newest revision or a later one.

    Migrations are backward compatible with the previous release, so its workers keep running, and can be restarted,
    during and after the migration of a newer release.

    Raises:
        Unavailable: the database does not respond.
    """
    revisions = await applied_revisions(db)
    return revisions == {head_revision()} or is_newer_than_program(revisions)


def is_newer_than_program(revisions: frozenset[str]) -> bool:
    """Whether these revisions belong to a newer release than this program."""
    numbers = [revision for revision in revisions if _NUMBER.fullmatch(revision)]
    return len(numbers) == len(revisions) == 1 and numbers[0] > head_revision()


@contextmanager
def _safe_message(revision: str) -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415  see above

    try:
        yield
    except CommandError as error:
        message = str(error).rstrip(".")
        raise CannotStart(
            f"The database cannot be migrated to {revision}: {message}. This release has the revisions 0001 to "
            f"{head_revision()}, `head` and `{BASE}`; `wasgo-chat doctor` shows the current revision."
        ) from error


def _retry_locked(migrate: Callable[[], None], lock_wait_s: float) -> None:
    deadline = time.monotonic() + lock_wait_s
    retry_s = FIRST_RETRY_S
    while True:
        try:
            migrate()
            return
        except DRIVER_ERRORS as error:
            if not isinstance(error, DBAPIError) or getattr(error.orig, "sqlstate", None) not in _LOCK_SQLSTATES:
                if (diagnosis := diagnose(error, migrating=True)) is not None:
                    raise CannotStart(str(diagnosis)) from error
                if is_unavailable(error):
                    raise Unavailable from error
                raise
            if time.monotonic() + retry_s > deadline:
                raise LockNotAcquired(lock_wait_s) from error
            log.warning("migration_lock_timeout", retry_in_s=retry_s)
        time.sleep(retry_s)
        retry_s = min(retry_s * 2, MAX_RETRY_S)


def _folder() -> Path:
    return next(path for path in _CHOICES if (path / "env.py").exists())
