"""The task of a worker that does erasures, step by step, and lets old audit rows go."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import delete, func, select

from wasgo_chat.core.errors import ChatError
from wasgo_chat.database.session import Database
from wasgo_chat.identity.audit import AuditRow
from wasgo_chat.privacy import erasure
from wasgo_chat.privacy.erasure import ErasureRequested

log = structlog.get_logger(__name__)

POLL_S = 1.0
REST_S = 30.0
SWEEP_EVERY_S = 600.0
SWEEP_PAGE = 1_000


class ErasureWorker:
    """Erases, for ever. Any number of workers do it beside each other, and go on where one was killed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._asked = asyncio.Event()
        self._sweep_at = 0.0

    def wake(self, _: Sequence[ErasureRequested]) -> None:
        """Start the erasure that a commit requested, without waiting for the next poll."""
        self._asked.set()

    async def run(self) -> None:
        """Do what is due; what another worker was asked for is found within a second."""
        while True:
            self._asked.clear()
            try:
                while await erasure.is_due(self._db) and await self.step():
                    pass
                await self._sweep()
            except ChatError as error:
                log.warning("erasing_failed", error=error.code)
            except Exception:
                log.exception("erasing_failed")  # the next turn may find better weather
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._asked.wait()

    async def step(self) -> bool:
        """One step of the erasure that is due next; whether there was one.

        Raises:
            Unavailable: the database does not answer.
        """
        pseudonym = None
        try:
            async with self._db.transaction() as tx:
                claimed = await erasure.claim(tx)
                if claimed is not None:
                    pseudonym = claimed.pseudonym
                    await erasure.step(tx, claimed)
        except ChatError:
            raise
        except Exception:
            if pseudonym is None:
                raise
            # One that cannot be done must not hold up the others.
            log.exception("erasing_failed", erasure=pseudonym)
            async with self._db.transaction() as tx:
                await erasure.defer(tx, pseudonym, REST_S)
        return pseudonym is not None

    async def _sweep(self) -> None:
        """Remove audit rows that are past their time, a page in ten minutes at least."""
        days = self._db.settings.audit_retention_days
        if not days or time.monotonic() < self._sweep_at:
            return
        old = select(AuditRow.id).where(AuditRow.at < func.now() - timedelta(days=days)).order_by(AuditRow.id)
        removed = SWEEP_PAGE
        while removed == SWEEP_PAGE:
            async with self._db.transaction() as tx:
                page = old.limit(SWEEP_PAGE).with_for_update(skip_locked=True).cte("old")
                gone = delete(AuditRow).where(AuditRow.id.in_(page.select())).returning(AuditRow.id)
                removed = len((await tx.execute(gone)).all())
        self._sweep_at = time.monotonic() + SWEEP_EVERY_S
