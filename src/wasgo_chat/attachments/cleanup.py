"""Removes orphaned files: those of deleted messages at once, uploads that no message claimed after a day."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from sqlalchemy import delete, func, select, tuple_

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.operations import AttachmentsReleased
from wasgo_chat.attachments.store import AttachmentStore, object_key
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.session import Database

BATCH = 50


class OrphanCleanup:
    """A worker's background task. It runs every `ATTACHMENT_CLEANUP_S` seconds, and after commits that released files.

    It holds a connection while the storage deletes, so it should not be one of those that requests wait for.
    """

    def __init__(self, store: AttachmentStore, db: Database) -> None:
        self._store = store
        self._db = db
        self._wake = asyncio.Event()

    def wake(self, _: Sequence[AttachmentsReleased]) -> None:
        """Clean up soon, after a commit that released attachments."""
        self._wake.set()

    async def run(self) -> None:
        """Clean up until cancelled. What cannot be removed now is retried at the next pass."""
        await forever(
            self._remove_all,
            failure="attachment_cleanup_failed",
            every_s=self._store.settings.attachment_cleanup_s,
            wake=self._wake,
        )

    async def _remove_all(self) -> None:
        while await self.remove_batch() == BATCH:
            pass
        await asyncio.to_thread(self._remove_stale_incoming)

    async def remove_batch(self) -> int:
        """Remove one batch: the objects, then the rows with the commit. Returns how many rows.

        Workers skip each other's rows.

        Raises:
            Unavailable: the storage or the database does not respond.
        """
        statement = (
            select(Attachment.conversation_id, Attachment.id)
            .where(Attachment.expires_at <= func.now())
            .order_by(Attachment.expires_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self._db.transaction() as tx:
            rows = (await tx.execute(statement)).all()
            if rows:
                keys = [object_key(row.id, variant) for row in rows for variant in ("original", "thumbnail")]
                await self._store.storage.delete(keys)
                primary = tuple_(Attachment.conversation_id, Attachment.id)
                await tx.execute(delete(Attachment).where(primary.in_([(row.conversation_id, row.id) for row in rows])))
        return len(rows)

    def _remove_stale_incoming(self) -> None:
        """Remove files of uploads that a crash interrupted."""
        cutoff = time.time() - self._store.settings.unclaimed_attachment_ttl_h * 3600
        with contextlib.suppress(FileNotFoundError):
            for path in self._store.incoming.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < cutoff:
                        path.unlink()
