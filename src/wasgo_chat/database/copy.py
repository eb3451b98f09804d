"""Bulk inserts with COPY, within a transaction of `database.session`."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import text

from wasgo_chat.database.session import Tx


async def copy_rows(tx: Tx, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, which all have the same columns, with COPY.

    Columns that are left out get their default. Values of JSON columns are given as text.
    """
    if rows:
        connection = await driver_connection(tx)
        records = [tuple(row.values()) for row in rows]
        await connection.copy_records_to_table(table, records=records, columns=list(rows[0]))


async def driver_connection(tx: Tx) -> "asyncpg.Connection[asyncpg.Record]":
    """The asyncpg connection of a transaction."""
    sqlalchemy_connection = await tx.connection()
    raw: Any = await sqlalchemy_connection.get_raw_connection()
    connection: asyncpg.Connection[asyncpg.Record] = raw.driver_connection
    if not connection.is_in_transaction():  # SQLAlchemy sends BEGIN with the first statement
        await tx.execute(text("SELECT 1"))
    return connection
