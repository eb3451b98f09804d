"""Classifies database errors: unavailable, busy, or a faulty statement."""

from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wasgo_chat.core.errors import Unavailable

_BUSY_SQLSTATES = frozenset(["40001", "40P01", "53300", "55P03", "57014"])
_DOWN_SQLSTATES = frozenset(["57P01", "57P02", "57P03", "25006", "25P03"])
_EXHAUSTED_SQLSTATES = frozenset(["53000", "53100", "53200", "53400", "58000", "58030"])
_UNAVAILABLE_SQLSTATES = _BUSY_SQLSTATES | _DOWN_SQLSTATES | _EXHAUSTED_SQLSTATES
"""Serialization failure, deadlock, too many connections, lock not available, query cancelled, shutdown, read-only
transaction after a failover, idle in transaction; disk full, out of memory, I/O error. The request itself is valid and
can be retried. Class 08 (connection exceptions) is handled separately.
https://www.postgresql.org/docs/current/errcodes-appendix.html"""

DRIVER_ERRORS = (DBAPIError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""Errors that a statement can raise, wrapped by SQLAlchemy or not. InternalClientError occurs on an idle connection
that the server has just closed: the driver has received the message but has not seen the socket close."""


def is_unavailable(error: BaseException) -> bool:
    """Whether an error is caused by the state of the database rather than by the statement."""
    if isinstance(error, (PoolTimeout, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return True
    sqlstate = _sqlstate(error)
    if sqlstate is not None:
        return sqlstate.startswith("08") or sqlstate in _UNAVAILABLE_SQLSTATES
    return isinstance(error, (OperationalError, InterfaceError)) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )


def is_statement_error(error: BaseException) -> bool:
    """Whether the server has refused a statement and rolled it back, and the connection can be used further.

    An error that ends the session proves nothing: it may come after the commit.
    """
    return isinstance(error, asyncpg.PostgresError) and getattr(error, "severity_en", None) == "ERROR"


def was_contention(error: Unavailable) -> bool:
    """Whether the cause was lock contention or load, so that the database itself is up."""
    return error.__cause__ is not None and is_busy(error.__cause__)


def is_busy(error: BaseException) -> bool:
    """Whether the database responded, but is overloaded, blocked by locks, or has no space or memory left."""
    return isinstance(error, PoolTimeout) or _sqlstate(error) in _BUSY_SQLSTATES | _EXHAUSTED_SQLSTATES


def is_missing_user(error: BaseException) -> bool:
    """Whether a foreign key to `users` failed (23503): the user was erased during the request."""
    source = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else error
    name = getattr(source, "constraint_name", None) or ""
    return _sqlstate(error) == "23503" and name.endswith("_users")


def _sqlstate(error: BaseException) -> str | None:
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    sqlstate = getattr(source, "sqlstate", None)
    return sqlstate if isinstance(sqlstate, str) else None
