"""What a person at the command line is told of an error, in one sentence."""

from typing import Any

from sqlalchemy.exc import DBAPIError

from wasgo_chat.core.errors import ChatError, Unavailable
from wasgo_chat.database.errors import was_contention

DATABASE_UNREACHABLE = "The database named by WASGO_CHAT_DATABASE_URL does not answer."
DATABASE_BUSY = (
    "The database is there but gave up, as others hold what this needs or it has too much to do: run it again."
)
DATABASE_REFUSED = "The database named by WASGO_CHAT_DATABASE_URL is not there, or refuses this user or password."
SCHEMA_OUTDATED = "The database is not at the newest migration: run `wasgo-chat migrate` first."

_REFUSALS = frozenset(["28000", "28P01", "3D000", "42501"])
_UNMIGRATED = frozenset(["42P01", "42703"])
"""No such table, no such column. https://www.postgresql.org/docs/current/errcodes-appendix.html"""


def explain_error(error: Exception) -> str | None:
    """A sentence without anything of anybody's in it; None for an error of the program."""
    if isinstance(error, Unavailable) and error.detail == error.title:
        return DATABASE_BUSY if was_contention(error) else DATABASE_UNREACHABLE
    if isinstance(error, ChatError):
        return error.detail
    source: Any = error.orig if isinstance(error, DBAPIError) else error
    sqlstate = getattr(source, "sqlstate", None)
    if sqlstate in _REFUSALS:
        return DATABASE_REFUSED
    return SCHEMA_OUTDATED if sqlstate in _UNMIGRATED else None
