"""Messages on their way, and those refused, across restarts where the store lasts.

They are kept until the service has acknowledged them, or somebody has given them up.
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
    """A message on its way. `client_id` makes it safe to send as often as it takes."""

    user_id: str
    conversation_id: str
    draft: dict[str, Any]
    client_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: float = field(default_factory=time.time)
    failed: str | None = None
    """Where it was refused for good: the code. It stays until somebody retries or discards it."""


class OutboxStore(Protocol):
    """Where messages on their way are kept, whole: with `failed`."""

    def load(self, user_id: str) -> list[OutboxEntry]:
        """All of a user's entries, oldest first."""

    def put(self, entry: OutboxEntry) -> None:
        """Keep one, in place of what was kept under its `client_id`."""

    def remove(self, client_id: str) -> None:
        """Forget one."""


class MemoryOutbox:
    """Keeps them as long as the process lives."""

    def __init__(self) -> None:
        self._entries: dict[str, OutboxEntry] = {}

    def load(self, user_id: str) -> list[OutboxEntry]:
        """See `OutboxStore`."""
        return [entry for entry in self._entries.values() if entry.user_id == user_id]

    def put(self, entry: OutboxEntry) -> None:
        """See `OutboxStore`."""
        self._entries[entry.client_id] = entry

    def remove(self, client_id: str) -> None:
        """See `OutboxStore`."""
        self._entries.pop(client_id, None)


class FileOutbox:
    """Keeps them in an SQLite file."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS outbox (client_id TEXT PRIMARY KEY, user_id TEXT, conversation_id TEXT,"
            " draft TEXT, created_at REAL, failed TEXT)"
        )
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(outbox)")]
        if "failed" not in columns:  # a file from before refused messages were kept
            self._db.execute("ALTER TABLE outbox ADD COLUMN failed TEXT")

    def load(self, user_id: str) -> list[OutboxEntry]:
        """See `OutboxStore`."""
        statement = (
            "SELECT user_id, conversation_id, draft, client_id, created_at, failed FROM outbox WHERE user_id = ?"
        )
        rows = self._db.execute(f"{statement} ORDER BY created_at, rowid", (user_id,)).fetchall()
        return [OutboxEntry(row[0], row[1], json.loads(row[2]), *row[3:]) for row in rows]

    def put(self, entry: OutboxEntry) -> None:
        """See `OutboxStore`."""
        draft = json.dumps(entry.draft)
        values = (entry.client_id, entry.user_id, entry.conversation_id, draft, entry.created_at, entry.failed)
        self._db.execute(
            "INSERT OR REPLACE INTO outbox (client_id, user_id, conversation_id, draft, created_at, failed)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )

    def remove(self, client_id: str) -> None:
        """See `OutboxStore`."""
        self._db.execute("DELETE FROM outbox WHERE client_id = ?", (client_id,))

    def close(self) -> None:
        """Close the file."""
        self._db.close()
