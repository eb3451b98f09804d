"""Alembic from inside the program: find the migrations, apply them, tell where a database stands.

Alembic is loaded to migrate only: a worker would take a quarter longer to start with it. So where a database should
stand is read from the names of the scripts: one row, each beginning with its number.
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

from wasgo_chat.core.config import CannotStart, Settings
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.errors import DRIVER_ERRORS, is_unavailable
from wasgo_chat.database.session import Database

if TYPE_CHECKING:
    from alembic.config import Config

log = structlog.get_logger(__name__)

LOCK_TIMEOUT_MS = 5_000
PATIENCE_S = 120.0
WAIT_FOR_OTHERS_S = 600.0
FIRST_REST_S = 1.0
LONGEST_REST_S = 15.0

_PACKAGE = Path(__file__).resolve().parent.parent
_CHOICES = (_PACKAGE / "migrations", _PACKAGE.parent.parent / "migrations")
_UNDEFINED_TABLE = "42P01"
_LOCK_SQLSTATES = frozenset(["55P03", "40P01"])
"""Lock not available, deadlock: somebody else held what a migration needs, and will let go."""
BASE = "base"
"""What Alembic calls a database without any migration."""
_NUMBER = re.compile(r"[0-9]{4}")


class MigrationInProgress(CannotStart):
    """Another migrator is at this database, and does not come to an end."""

    def __init__(self) -> None:
        super().__init__("Another `wasgo-chat migrate` is at this database: wait for it, or end it.")


class LockNotAcquired(CannotStart):
    """A migration did not get its lock, however often it asked."""

    def __init__(self, patience_s: float) -> None:
        super().__init__(
            f"A migration did not get its lock within {patience_s:g} s: look for long transactions "
            "(`wasgo-chat doctor` names them), and run `wasgo-chat migrate` again; it goes on where it stopped."
        )


def config(database_url: str = "") -> "Config":
    """Alembic's configuration for a database; in a wheel the scripts lie beside the code."""
    from alembic.config import Config  # noqa: PLC0415  see above

    made = Config()
    made.set_main_option("script_location", str(_folder()))
    made.attributes["database_url"] = database_url
    return made


def upgrade(
    database_url: str,
    revision: str = "head",
    *,
    patience_s: float = PATIENCE_S,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> None:
    """Bring a database up to a revision. Runs its own event loop: call it outside of any.

    A migration that does not get its lock lets everybody pass and asks again, for `patience_s`. Those before it stay.

    Raises:
        AnotherMigrates, InTheWay: somebody else did not come to an end.
        CannotStart: there is no such revision, or no way to it from where the database is.
        Unavailable: the database does not answer. The migrations that were done stay so.
    """
    from alembic import command  # noqa: PLC0415  see above

    made = config(database_url)
    made.attributes["lock_timeout_ms"] = lock_timeout_ms
    with _safe_message(revision):
        _retry_locked(lambda: command.upgrade(made, revision), patience_s)


def downgrade(database_url: str, revision: str, *, patience_s: float = PATIENCE_S) -> None:
    """Take a database back to a revision. Runs its own event loop: call it outside of any.

    Raises:
        As `upgrade`.
    """
    from alembic import command  # noqa: PLC0415  see above

    made = config(database_url)
    with _safe_message(revision):
        _retry_locked(lambda: command.downgrade(made, revision), patience_s)


def create_index_concurrently(
    name: str,
    table: str,
    columns: Sequence[str],
    *,
    unique: bool = False,
    where: str | None = None,
    using: str | None = None,
) -> None:
    """For migrations: an index that nobody waits for, outside of any transaction. Columns in brackets are expressions.

    One that failed half-way is left behind as invalid, and `IF NOT EXISTS` would take it for done: it goes first.
    """
    from alembic import op  # noqa: PLC0415  see above

    with op.get_context().autocommit_block():
        # It waits for transactions that began before it. Nobody waits for it meanwhile, so it may take its time.
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
    """For migrations: the way back."""
    from alembic import op  # noqa: PLC0415  see above

    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


@cache
def head_revision() -> str:
    """The newest revision this program knows."""
    return max(script.name.partition("_")[0] for script in (_folder() / "versions").glob("[0-9]*_*.py"))


def current_revision(settings: Settings) -> str:
    """The revision that a database is at, `base` without any. Runs its own event loop: call it outside of any.

    Raises:
        Unavailable: it does not answer.
    """

    async def look() -> frozenset[str]:
        db = Database(settings)
        try:
            return await applied_revisions(db)
        finally:
            await db.close()

    return ", ".join(sorted(asyncio.run(look()))) or BASE


def is_before(revision: str, place: str) -> bool:
    """Whether a revision is older than the one that a database is at."""
    return revision != place and (revision == BASE or (revision.isdecimal() and revision < place))


async def applied_revisions(db: Database) -> frozenset[str]:
    """The revisions a database is at; none where it was never migrated.

    Raises:
        Unavailable: it does not answer.
    """
    try:
        async with db.snapshot() as tx:
            return frozenset((await tx.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
            return frozenset()
        raise


async def is_current(db: Database) -> bool:
    """Whether a database has all that this program needs: its newest revision, or a later one.

    Migrations only add until no older program runs any more, so the workers of the release before serve on, and may be
    started anew, while and after a newer one migrates.

    Raises:
        Unavailable: it does not answer.
    """
    revisions = await applied_revisions(db)
    return revisions == {head_revision()} or is_newer_than_program(revisions)


def is_newer_than_program(revisions: frozenset[str]) -> bool:
    """Whether these are of a newer release than this program."""
    numbers = [one for one in revisions if _NUMBER.fullmatch(one)]
    return len(numbers) == len(revisions) == 1 and numbers[0] > head_revision()


@contextmanager
def _safe_message(revision: str) -> Iterator[None]:
    from alembic.util import CommandError  # noqa: PLC0415  see above

    try:
        yield
    except CommandError as error:
        said = str(error).rstrip(".")
        raise CannotStart(
            f"The database cannot be migrated to {revision}: {said}. This release knows 0001 to "
            f"{head_revision()}, `head` and `{BASE}`; `wasgo-chat doctor` shows the current revision."
        ) from error


def _retry_locked(migrate: Callable[[], None], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    rest_s = FIRST_REST_S
    while True:
        try:
            migrate()
            return
        except DRIVER_ERRORS as error:
            if not isinstance(error, DBAPIError) or getattr(error.orig, "sqlstate", None) not in _LOCK_SQLSTATES:
                if is_unavailable(error):
                    raise Unavailable from error
                raise
            if time.monotonic() + rest_s > deadline:
                raise LockNotAcquired(patience_s) from error
            log.warning("migration_in_the_way", retry_in_s=rest_s)
        time.sleep(rest_s)
        rest_s = min(rest_s * 2, LONGEST_REST_S)


def _folder() -> Path:
    return next(path for path in _CHOICES if (path / "env.py").exists())
