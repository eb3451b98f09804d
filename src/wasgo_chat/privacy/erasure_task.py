"""A worker's background task that runs erasures step by step, and deletes expired rows of the audit log."""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select

from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.session import Database
from wasgo_chat.feature import PersonalData
from wasgo_chat.identity.audit import AuditRow
from wasgo_chat.privacy import erasure
from wasgo_chat.privacy.erasure import ErasureRequested

log = structlog.get_logger(__name__)

POLL_S = 1.0
RETRY_S = 30.0
AUDIT_CLEANUP_EVERY_S = 600.0
AUDIT_CLEANUP_PAGE = 1_000


class ErasureTask:
    """Runs erasures. Any number of workers share the work; another worker continues after one was killed.

    Args:
        db: the database.
        features: what each feature erases, also where it is switched off.
    """

    def __init__(self, db: Database, features: Sequence[PersonalData]) -> None:
        self._db = db
        self._features = features
        self._wake = asyncio.Event()
        self._next_audit_cleanup = 0.0

    def wake(self, _: Sequence[ErasureRequested]) -> None:
        """Start the erasure that a commit requested, without waiting for the next poll."""
        self._wake.set()

    async def run(self) -> None:
        """Run due erasures until cancelled. Those requested at another worker are found within a second."""
        await forever(self._run_due, failure="erasure_failed", every_s=POLL_S, wake=self._wake)

    async def _run_due(self) -> None:
        while await erasure.is_due(self._db) and await self.step():
            pass
        await self.delete_expired_audit()

    async def step(self) -> bool:
        """Run one step of the next due erasure. False if none is due.

        Raises:
            Unavailable: the database does not respond.
        """
        pseudonym = None
        try:
            async with self._db.transaction() as tx:
                claimed = await erasure.claim(tx)
                if claimed is not None:
                    pseudonym = claimed.pseudonym
                    await erasure.step(tx, claimed, self._features)
        except ChatError:
            raise
        except Exception:
            if pseudonym is None:
                raise
            # Deferred, so that an erasure that fails does not block the others.
            log.exception("erasure_failed", erasure=pseudonym)
            async with self._db.transaction() as tx:
                await erasure.defer(tx, pseudonym, RETRY_S)
        return pseudonym is not None

    async def delete_expired_audit(self) -> None:
        """Delete audit rows older than `AUDIT_RETENTION_DAYS`, in pages. Does so at most every ten minutes."""
        days = self._db.settings.audit_retention_days
        if not days or time.monotonic() < self._next_audit_cleanup:
            return
        expired = select(AuditRow.id).where(AuditRow.at < func.now() - timedelta(days=days)).order_by(AuditRow.id)
        removed = AUDIT_CLEANUP_PAGE
        while removed == AUDIT_CLEANUP_PAGE:
            async with self._db.transaction() as tx:
                page = expired.limit(AUDIT_CLEANUP_PAGE).with_for_update(skip_locked=True).cte("expired")
                statement = delete(AuditRow).where(AuditRow.id.in_(page.select())).returning(AuditRow.id)
                removed = len((await tx.execute(statement)).all())
        self._next_audit_cleanup = time.monotonic() + AUDIT_CLEANUP_EVERY_S
