"""Stores for outgoing messages.

An entry stays until the message is stored by the service, or discarded after a failure. In a persistent store it
survives restarts.
"""

import json
import sqlite3
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class OutboxEntry:
    """An outgoing message. The service stores it once per `client_id`, so sending it repeatedly is safe."""

    user_id: str
    conversation_id: str
    draft: dict[str, Any]
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: float = field(default_factory=time.time)
    failed: str | None = None
    """The error code, if the service has rejected the message. It stays until the user retries or discards it."""


class OutboxStore(Protocol):
    """Where outgoing messages are kept."""

    def load(self, user_id: str) -> list[OutboxEntry]:
        """Load all entries of a user, oldest first."""

    def put(self, entry: OutboxEntry) -> None:
        """Save an entry, and replace the one with the same `client_id`."""

    def remove(self, client_id: str) -> None:
        """Remove an entry, if it exists."""


class MemoryOutbox:
    """Keeps entries in memory, until the process ends."""

    def __init__(self) -> None:
        self._entries: dict[str, OutboxEntry] = {}

    def load(self, user_id: str) -> list[OutboxEntry]:
        return [entry for entry in self._entries.values() if entry.user_id == user_id]

    def put(self, entry: OutboxEntry) -> None:
        self._entries[entry.client_id] = entry

    def remove(self, client_id: str) -> None:
        self._entries.pop(client_id, None)


class FileOutbox:
    """Keeps entries in an SQLite file."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS outbox (client_id TEXT PRIMARY KEY, user_id TEXT, conversation_id TEXT,"
            " draft TEXT, created_at REAL, failed TEXT)"
        )
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(outbox)")]
        if "failed" not in columns:  # a file of a version that did not keep rejected messages
            self._db.execute("ALTER TABLE outbox ADD COLUMN failed TEXT")

    def load(self, user_id: str) -> list[OutboxEntry]:
        statement = (
            "SELECT user_id, conversation_id, draft, client_id, created_at, failed FROM outbox WHERE user_id = ?"
        )
        rows = self._db.execute(f"{statement} ORDER BY created_at, rowid", (user_id,)).fetchall()
        return [OutboxEntry(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def put(self, entry: OutboxEntry) -> None:
        draft = json.dumps(entry.draft)
        values = (entry.client_id, entry.user_id, entry.conversation_id, draft, entry.created_at, entry.failed)
        self._db.execute(
            "INSERT OR REPLACE INTO outbox (client_id, user_id, conversation_id, draft, created_at, failed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )

    def remove(self, client_id: str) -> None:
        self._db.execute("DELETE FROM outbox WHERE client_id = ?", (client_id,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
