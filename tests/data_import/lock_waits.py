"""Wait for rows that another process writes."""

import asyncio

from sqlalchemy import text

from wasgo_chat.database.session import Database


async def wait_until_found(db: Database, question: str) -> None:
    """Wait until a query returns a row."""
    async with asyncio.timeout(60):
        while True:
            async with db.snapshot() as tx:
                if (await tx.execute(text(question))).first() is not None:
                    return
            await asyncio.sleep(0.005)
