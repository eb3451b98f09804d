"""A connection that the server just terminated: its next user gets a retryable error, and only that one."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.support.world import World
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.database.pinned import PinnedConnection, fetch
from wasgo_chat.database.session import Database

# ErrorResponse (PostgreSQL's protocol, 53.7): FATAL 57P01, as sent after pg_terminate_backend.
_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
ENDED = b"E" + (len(_FIELDS) + 4).to_bytes(4, "big") + _FIELDS


def end(link: Any) -> None:
    """The last message of the server arrives; the closing of the socket is noticed only later."""
    link._protocol.data_received(ENDED)


async def ask(db: Database, *, to_end: bool = False) -> None:
    """Execute one statement; the termination arrives when the connection is back in the pool."""
    async with db.transaction() as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
        link = (await (await tx.connection()).get_raw_connection()).driver_connection
    if to_end:
        end(link)


async def use_ended_directly(direct: PinnedConnection) -> None:
    async with direct.transaction() as link:
        end(link)
        await link.fetch("SELECT 1")


async def test_a_request_on_a_terminated_connection_may_be_retried(world: World) -> None:
    db = Database(world.worker.settings, pool_size=1)
    try:
        await ask(db, to_end=True)
        with pytest.raises(Unavailable):
            await fetch(db, "SELECT 1")
        assert (await fetch(db, "SELECT 1"))[0][0] == 1
        await ask(db, to_end=True)
        with pytest.raises(Unavailable):
            await ask(db)
        await ask(db)
    finally:
        await db.close()


async def test_a_batch_on_a_terminated_connection_may_be_retried(world: World) -> None:
    direct = PinnedConnection(world.worker.db)
    try:
        with pytest.raises(Unavailable):
            await use_ended_directly(direct)
        async with direct.transaction() as link:
            assert await link.fetchval("SELECT 1") == 1
    finally:
        await direct.close()
