"""Remove what nobody holds: files of deleted messages at once, uploads that were never claimed after a day."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog
from sqlalchemy import delete, func, select, tuple_

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.attachments.store import AttachmentStore, object_key
from wasgo_chat.attachments.verbs import AttachmentsReleased
from wasgo_chat.core.errors import ChatError

log = structlog.get_logger(__name__)

BATCH = 50


class OrphanCleanup:
    """The task of a worker that looks every `SWEEP_S` seconds, and at once after a release here."""

    def __init__(self, depot: AttachmentStore) -> None:
        self._depot = depot
        self._asked = asyncio.Event()

    def wake(self, _: Sequence[AttachmentsReleased]) -> None:
        """Sweep after a commit that released attachments, without waiting for the next round."""
        self._asked.set()

    async def run(self) -> None:
        """Sweep for ever; what cannot be removed now is tried again at the next turn."""
        while True:
            self._asked.clear()
            try:
                while await self.sweep() == BATCH:
                    pass
                await asyncio.to_thread(self._remove_stale_incoming)
            except ChatError as error:
                log.warning("sweep_failed", error=error.code)
            except Exception:
                log.exception("sweep_failed")  # the next turn may find better weather
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._depot.settings.sweep_s):
                    await self._asked.wait()

    async def sweep(self) -> int:
        """Remove one batch, objects first and rows with the commit; returns how many. Workers do not meet.

        Raises:
            Unavailable: the store or the database does not answer.
        """
        statement = (
            select(Attachment.conversation_id, Attachment.id)
            .where(Attachment.expires_at <= func.now())
            .order_by(Attachment.expires_at)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        async with self._depot.db.transaction() as tx:
            rows = (await tx.execute(statement)).all()
            if rows:
                keys = [object_key(row.id, variant) for row in rows for variant in ("original", "thumbnail")]
                await self._depot.storage.delete(keys)
                primary = tuple_(Attachment.conversation_id, Attachment.id)
                await tx.execute(delete(Attachment).where(primary.in_([(row.conversation_id, row.id) for row in rows])))
        return len(rows)

    def _remove_stale_incoming(self) -> None:
        """What a crash left of uploads under way."""
        cutoff = time.time() - self._depot.settings.unclaimed_attachment_ttl_h * 3600
        with contextlib.suppress(FileNotFoundError):
            for path in self._depot.incoming.iterdir():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < cutoff:
                        path.unlink()
