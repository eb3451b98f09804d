"""Database size per stored message: tables and indexes, including notifications.

Run `make bench-sizes`. Sends messages of 60 characters with `client_id`s through the group commit, in a conversation of
two members of whom one is offline, and measures the growth once the consumers of the feed have finished.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from sqlalchemy import text

from benchmarks.systems.service import HAS_PENDING
from wasgo_chat.app import create_app
from wasgo_chat.database import migrations
from wasgo_chat.database.session import Database
from wasgo_chat.development.embedded import Postgres
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import create
from wasgo_chat.membership.schemas import CreateConversation
from wasgo_chat.messages.schemas import SendMessage
from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry.logging import configure_logging

CONTENT = "See you on Friday at the usual spec, and bring the keys too"
BATCH = 200
_SIZES = """
SELECT relname, pg_table_size(oid) AS tables, pg_indexes_size(oid) AS indexes
FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


async def measure(url: str, messages: int) -> None:
    """Fill the database and print the sizes."""
    values = {"database_url": url, "jwt_secret": "x" * 40, "redis_url": None, "message_rate": 0}
    settings = Settings.model_validate(values)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        db: Database = app.state.worker.db
        ana = Actor("ana", username="ana")
        async with db.transaction() as tx:
            body = CreateConversation.model_validate({"conversation_type": "direct", "participant_ids": ["bo"]})
            chat = (await create.create(tx, ana, body)).conversation_id
        before = await _sizes(db)
        for start in range(0, messages, BATCH):
            bodies = [
                SendMessage(conversation=chat, content=CONTENT, client_id=f"{number:08d}-a-name-of-the-client")
                for number in range(start, start + BATCH)
            ]
            await asyncio.gather(*(app.state.worker.group_commit.send(ana, chat, body) for body in bodies))
        while await _has_pending(db):  # noqa: ASYNC110  consumers do not signal their completion
            await asyncio.sleep(0.2)
        after = await _sizes(db)
    print(f"{messages:,} messages of {len(CONTENT)} characters; bytes per message:")
    total = 0.0
    for name, (tables, indexes) in sorted(after.items()):
        growth = [
            (now - then) / messages for now, then in zip((tables, indexes), before.get(name, (0, 0)), strict=True)
        ]
        total += sum(growth)
        if sum(growth) >= 1:
            print(f"{name:28}{growth[0]:8.0f} table{growth[1]:8.0f} indexes")
    print(f"{'all':28}{total:8.0f}")


async def _sizes(db: Database) -> dict[str, tuple[int, int]]:
    async with db.snapshot() as tx:
        return {name: (tables, indexes) for name, tables, indexes in await tx.execute(text(_SIZES))}


async def _has_pending(db: Database) -> bool:
    async with db.snapshot() as tx:
        return bool((await tx.execute(text(HAS_PENDING))).scalar_one())


def main() -> None:
    """Measure on a temporary server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    messages = parser.parse_args().messages
    configure_logging("WARNING", as_json=False)
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-sizes-") as folder:
        postgres = Postgres(Path(folder) / "postgres")
        postgres.start()
        try:
            migrations.upgrade(Settings(database_url=postgres.url()).database_url)
            asyncio.run(measure(postgres.url(), messages))
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
