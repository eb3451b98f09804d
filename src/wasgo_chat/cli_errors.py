"""One-line messages for errors on the command line."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.database.errors import was_contention

DATABASE_UNREACHABLE = "Cannot connect to the database at WASGO_CHAT_DATABASE_URL: it does not respond."
DATABASE_BUSY = "The database is overloaded, or another session holds a required lock: run the command again."
DATABASE_REFUSED = "Cannot log in to the database at WASGO_CHAT_DATABASE_URL: wrong user, password or database name."
SCHEMA_OUTDATED = "The database schema is out of date: run `wasgo-chat migrate` first."

_LOGIN_SQLSTATES = frozenset(["28000", "28P01", "3D000", "42501"])
_SCHEMA_SQLSTATES = frozenset(["42P01", "42703"])
"""Undefined table, undefined column. https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def explain_error(error: Exception) -> str | None:
    """A user-facing message without sensitive data, or None if the error is a bug."""
    if isinstance(error, Unavailable) and error.detail == error.title:
        return DATABASE_BUSY if was_contention(error) else DATABASE_UNREACHABLE
    if isinstance(error, ChatError):
        return error.detail
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    sqlstate = getattr(source, "sqlstate", None)
    if sqlstate in _LOGIN_SQLSTATES:
        return DATABASE_REFUSED
    return SCHEMA_OUTDATED if sqlstate in _SCHEMA_SQLSTATES else None
