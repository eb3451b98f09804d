"""What an error of the database means: it is away, it is busy, or our statement was wrong."""

from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wasgo_chat.core.errors import Unavailable

_BUSY_SQLSTATES = frozenset(["40001", "40P01", "53300", "55P03", "57014"])
_AWAY_SQLSTATES = frozenset(["57P01", "57P02", "57P03", "25006", "25P03"])
_UNAVAILABLE_SQLSTATES = _BUSY_SQLSTATES | _AWAY_SQLSTATES
"""Serialization failure, deadlock, too many connections, lock not available, cancelled, shutdowns, read-only
after a failover, idle in transaction: nothing wrong with the request, so it may be sent again.
Class 08 (connection) is handled beside it. https://www.postgresql.org/docs/current/errcodes-appendix.html"""

DRIVER_ERRORS = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a statement may raise, whether SQLAlchemy wrapped it or not. The last is of a connection that the server ended
a moment ago, while nobody used it: the driver has heard so, and does not know yet that the socket is closed."""


def is_unavailable(error: BaseException) -> bool:
    """Whether an error speaks of the database's state rather than of our statement."""
    if isinstance(error, (PoolTimeout, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return True
    sqlstate = _sqlstate(error)
    if sqlstate is not None:
        return sqlstate.startswith("08") or sqlstate in _UNAVAILABLE_SQLSTATES
    return isinstance(error, (OperationalError, InterfaceError)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def was_contention(error: Unavailable) -> bool:
    """Whether it was raised as somebody held a lock, or a statement took too long: a database that is there."""
    return error.__cause__ is not None and is_busy(error.__cause__)


def is_busy(error: BaseException) -> bool:
    """Whether the database answered, and only has too much to do."""
    return isinstance(error, PoolTimeout) or _sqlstate(error) in _BUSY_SQLSTATES


def is_missing_user(error: BaseException) -> bool:
    """Whether a row names a user who is not there (23503): they were erased while the request was under way."""
    source = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(source, "constraint_name", None) or ""
    return _sqlstate(error) == "23503" and name.endswith("_users")


def _sqlstate(error: BaseException) -> str | None:
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    found = getattr(source, "sqlstate", None)
    return found if isinstance(found, str) else None
