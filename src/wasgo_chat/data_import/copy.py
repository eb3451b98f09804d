"""Rows into tables by COPY, within a transaction of `database.session`."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text

from wasgo_chat.database.session import Tx

Rows = Sequence[Mapping[str, Any]]


async def copy(tx: Tx, table: str, rows: Rows) -> None:
    """Append rows, all with the same columns; what is not given takes its default. JSON as text."""
    if rows:
        driver = await driver_of(tx)
        records = [tuple(row.values()) for row in rows]
        await driver.copy_records_to_table(table, records=records, columns=list(rows[0]))


async def driver_of(tx: Tx) -> "asyncpg.Connection[asyncpg.Record]":
    """The driver's connection of a transaction."""
    connection = await tx.connection()
    raw: Any = await connection.get_raw_connection()
    driver: asyncpg.Connection[asyncpg.Record] = raw.driver_connection
    if not driver.is_in_transaction():  # SQLAlchemy begins with its own first statement, and not before
        await tx.execute(text("SELECT 1"))
    return driver


def jsonb(value: Mapping[str, Any]) -> str:
    """An object for a column of JSON."""
    return json.dumps(value, ensure_ascii=False)


def message_event(message: Mapping[str, Any]) -> dict[str, Any]:
    """The event that tells of a message's row."""
    return {
        "conversation_id": message["conversation_id"],
        "seq": message["seq"],
        "type": "new_message",
        "actor_id": message["sender_id"],
        "service": message["service"],
        "message_id": message["id"],
        "revision": 1,
        "user_id": None,
        "data": "{}",
        "created_at": message["created_at"],
    }


def uuid7_at(milliseconds: int, chance: int) -> UUID:
    """A UUIDv7 (RFC 9562, 5.7) of a moment, with 74 bits that the caller chose."""
    high, low = chance >> 62 & 0xFFF, chance & (1 << 62) - 1
    return UUID(int=(milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
