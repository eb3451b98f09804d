"""One-line messages for errors on the command line."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.database.diagnosis import diagnose
from wasgo_chat.database.errors import DRIVER_ERRORS

SCHEMA_OUTDATED = "The database schema is out of date: run `wasgo-chat migrate` first."

_SCHEMA_SQLSTATES = frozenset(["42P01", "42703"])
"""Undefined table, undefined column. https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def explain_error(error: Exception) -> str | None:
    """A user-facing message without sensitive data, or None if the error is a bug."""
    if isinstance(error, ChatError) and not (isinstance(error, Unavailable) and error.detail == error.title):
        return error.detail
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    if getattr(source, "sqlstate", None) in _SCHEMA_SQLSTATES:
        return SCHEMA_OUTDATED
    if not isinstance(error, (Unavailable, *DRIVER_ERRORS)):
        return None
    diagnosis = diagnose(error)
    return None if diagnosis is None else str(diagnosis)
