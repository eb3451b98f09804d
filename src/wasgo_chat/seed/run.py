"""Fills a database with generated conversations, for load tests and demos."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import chain

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from wasgo_chat.database.copy import copy_rows
from wasgo_chat.database.errors import DRIVER_ERRORS
from wasgo_chat.database.session import Database
from wasgo_chat.seed import generator
from wasgo_chat.seed.generator import GeneratedConversation
from wasgo_chat.settings.config import CannotStart, Settings

BATCH = 20_000
"""The approximate number of messages, or conversations, per transaction. A conversation is never split."""

STATEMENT_TIMEOUT_S = 3_600.0

Progress = Callable[[int], None]
"""Called with the number of further messages that were written."""


class NotEmpty(CannotStart):
    """The database has conversations already."""


async def seed(
    settings: Settings,
    *,
    conversations: int,
    messages: int,
    number: int,
    users: int,
    allow_nonempty: bool,
    until: datetime | None = None,
    progress: Progress = lambda count: None,
) -> None:
    """Generate conversations and write them.

    Args:
        settings: the database.
        conversations: the number of conversations.
        messages: the number of messages in all of them.
        number: the seed. The same seed generates the same conversations on the same day.
        users: the number of users.
        allow_nonempty: allow a database that has conversations already.
        until: the time of the newest message; by default the beginning of today, in UTC.
        progress: called after each transaction.

    Raises:
        NotEmpty: the database has conversations already, or those of this seed.
        Unavailable: the database does not respond.
    """
    until = until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    db = Database(settings.model_copy(update={"statement_timeout_s": STATEMENT_TIMEOUT_S}))
    try:
        await _require_empty(db, number, allow_nonempty=allow_nonempty)
        user_rows = generator.user_rows(number, users, until)
        async with db.transaction() as tx:
            await copy_rows(tx, "users", user_rows)
        ids = [row["id"] for row in user_rows]
        batch: list[GeneratedConversation] = []
        batch_messages = 0
        for conversation in generator.conversations(number, ids, conversations, messages, until - timedelta(minutes=1)):
            batch.append(conversation)
            batch_messages += len(conversation.messages)
            if batch_messages >= BATCH or len(batch) >= BATCH:
                await _write(db, batch, progress)
                batch, batch_messages = [], 0
                await asyncio.sleep(0)
        await _write(db, batch, progress)
        async with db.transaction() as tx:
            await tx.execute(text("ANALYZE"))
    except DRIVER_ERRORS as error:
        if isinstance(error, IntegrityError) or getattr(error, "sqlstate", None) == "23505":
            raise NotEmpty(f"The rows of seed {number} exist already. Use another --seed.") from error
        raise
    finally:
        await db.close()


async def _require_empty(db: Database, number: int, *, allow_nonempty: bool) -> None:
    async with db.snapshot() as tx:
        is_full = (await tx.execute(text("SELECT EXISTS (SELECT FROM conversations)"))).scalar_one()
        statement = text("SELECT EXISTS (SELECT FROM users WHERE id = :id)")
        is_seeded = (await tx.execute(statement, {"id": f"seed{number}-000000"})).scalar_one()
    if is_full and not allow_nonempty:
        other_seed = f" and another --seed, as the rows of seed {number} exist already" if is_seeded else ""
        raise NotEmpty(
            f"The database contains conversations. Use an empty database, or pass --allow-nonempty{other_seed}."
        )
    if is_seeded:
        raise NotEmpty(f"The rows of seed {number} exist already. Use another --seed.")


async def _write(db: Database, batch: list[GeneratedConversation], progress: Progress) -> None:
    """Write complete conversations in one transaction, in the order of the foreign keys."""
    async with db.transaction() as tx:
        await copy_rows(tx, "conversations", [generated.conversation for generated in batch])
        for table, rows in (
            ("participants", [generated.participants for generated in batch]),
            ("messages", [generated.messages for generated in batch]),
            ("events", [generated.events for generated in batch]),
            ("message_revisions", [generated.revisions for generated in batch]),
            ("reactions", [generated.reactions for generated in batch]),
            ("reads", [generated.reads for generated in batch]),
            ("feed_heads", [generated.feed_heads for generated in batch]),
        ):
            await copy_rows(tx, table, list(chain.from_iterable(rows)))
    progress(sum(len(generated.messages) for generated in batch))
