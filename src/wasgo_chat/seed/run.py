"""Fill a database with made-up conversations, for load and demos."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from wasgo_chat.core.config import CannotStart, Settings
from wasgo_chat.data_import.copy import copy
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.session import Database
from wasgo_chat.seed import generator
from wasgo_chat.seed.generator import GeneratedConversation

BATCH = 20_000
"""Messages of a transaction, about, or conversations of one: a conversation is never parted."""

PATIENCE_S = 3_600.0

Progress = Callable[[int], None]
"""Told of so many more messages."""


class NotEmpty(CannotStart):
    """There is something in the database already."""


async def seed(
    settings: Settings,
    *,
    conversations: int,
    messages: int,
    number: int,
    users: int,
    into_full: bool,
    until: datetime | None = None,
    progress: Progress = lambda count: None,
) -> None:
    """Make and write.

    Args:
        settings: where the database is.
        conversations: how many.
        messages: how many in all of them.
        number: the seed: the same one gives the same on the same day.
        users: how many people.
        into_full: whether there may be conversations already.
        until: the time of the newest; by default the beginning of today, in UTC.
        progress: told of what is written.

    Raises:
        NotEmpty: there are conversations already, or those of this very seed.
        Unavailable: the database does not answer.
    """
    until = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    db = Database(settings.model_copy(update={"statement_timeout_s": PATIENCE_S}))
    try:
        await _require_empty(db, number, into_full=into_full)
        people = generator.user_rows(number, users, until)
        async with db.transaction() as tx:
            await copy(tx, "users", people)
        ids = [row["id"] for row in people]
        waiting: list[GeneratedConversation] = []
        held = 0
        for made in generator.conversations(number, ids, conversations, messages, until - timedelta(minutes=1)):
            waiting.append(made)
            held += len(made.messages)
            if held >= BATCH or len(waiting) >= BATCH:
                await _write(db, waiting, progress)
                waiting, held = [], 0
                await asyncio.sleep(0)
        await _write(db, waiting, progress)
        async with db.transaction() as tx:
            await tx.execute(text("ANALYZE"))
    except DRIVER_ERRORS as error:
        if isinstance(error, IntegrityError) or getattr(error, "sqlstate", None) == "23505":
            raise NotEmpty(f"The rows of seed {number} are there already: take another --seed.") from error
        raise
    finally:
        await db.close()


async def _require_empty(db: Database, number: int, *, into_full: bool) -> None:
    async with db.snapshot() as tx:
        is_full = (await tx.execute(text("SELECT EXISTS (SELECT FROM conversations)"))).scalar_one()
        statement = text("SELECT EXISTS (SELECT FROM users WHERE id = :id)")
        is_seeded = (await tx.execute(statement, {"id": f"seed{number}-000000"})).scalar_one()
    if is_full and not into_full:
        another = f" and another --seed, as the rows of seed {number} are among them" if is_seeded else ""
        raise NotEmpty(f"The database has conversations already: name an empty one, or say --into-full{another}.")
    if is_seeded:
        raise NotEmpty(f"The rows of seed {number} are there already: take another --seed.")


async def _write(db: Database, made: list[GeneratedConversation], progress: Progress) -> None:
    """Whole conversations in one transaction, parents first."""
    async with db.transaction() as tx:
        await copy(tx, "conversations", [one.conversation for one in made])
        for table, rows in (
            ("participants", [one.participants for one in made]),
            ("messages", [one.messages for one in made]),
            ("events", [one.events for one in made]),
            ("message_revisions", [one.revisions for one in made]),
            ("reactions", [one.reactions for one in made]),
            ("reads", [one.reads for one in made]),
            ("reader_cursors", [one.cursors for one in made]),
        ):
            await copy(tx, table, list(chain.from_iterable(rows)))
    progress(sum(len(one.messages) for one in made))
