"""Alembic from inside the program: find the migrations, apply them, tell where a database stands.

Alembic is loaded to migrate only: a worker would take a quarter longer to start with it. So where a database should
stand is read from the names of the scripts: one row, each beginning with its number.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from wasgo_chat.core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

_PACKAGE = Path(__file__).resolve().parent.parent
_CHOICES = (_PACKAGE / "migrations", _PACKAGE.parent.parent / "migrations")
_UNDEFINED_TABLE = "42P01"


def config(database_url: str = "") -> "Config":
    """Alembic's configuration for a database; in a wheel the scripts lie beside the code."""
    from alembic.config import Config  # noqa: PLC0415  see above

    made = Config()
    made.set_main_option("script_location", str(_folder()))
    made.attributes["database_url"] = database_url
    return made


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring a database up to a revision. Runs its own event loop: call it outside of any."""
    from alembic import command  # noqa: PLC0415  see above

    command.upgrade(config(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Take a database back to a revision. Runs its own event loop: call it outside of any."""
    from alembic import command  # noqa: PLC0415  see above

    command.downgrade(config(database_url), revision)


@cache
def newest() -> str:
    """The newest revision this program knows."""
    return max(script.name.partition("_")[0] for script in (_folder() / "versions").glob("[0-9]*_*.py"))


async def is_current(db: Database) -> bool:
    """Whether a database is at the newest revision.

    Raises:
        Unavailable: it does not answer.
    """
    try:
        async with db.snapshot() as tx:
            found = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalars()
            return found.all() == [newest()]
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _UNDEFINED_TABLE:
            return False
        raise


def _folder() -> Path:
    return next(path for path in _CHOICES if (path / "env.py").exists())
