"""How much a user may store: uploads that no message has, and everything of the last 24 hours.

The rows of a user in that time are counted when files are registered: they are adjacent in the index of uploaders,
because ids begin with their time, and the limits bound their number. There is no counter that could drift.
"""

import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy import text as sql

from wasgo_chat.attachments.models import Attachment
from wasgo_chat.core.errors import LimitReached
from wasgo_chat.database.session import Tx
from wasgo_chat.identity.authentication import Actor

DAY_S = 86_400
_SPARE_S = 3_600
"""Ids come from the clocks of the workers, times of rows from the database."""
_LOCK = sql("SELECT pg_advisory_xact_lock(hashtextextended('upload quota' || chr(10) || :user, 0))")


class UploadQuotaReached(LimitReached):
    """The user has stored as much as a user may. Nothing of the new files was kept."""

    code, title = "upload_quota_reached", "You have uploaded as much as the service allows for now"


async def check_quota(tx: Tx, actor: Actor, sizes: Sequence[int], *, lock: bool = False) -> None:
    """Check that the caller may store more files of these sizes. Uploads by services are not limited, nor counted.

    With `lock`, further checks for this user wait until the end of the transaction. Lock the conversation before.

    Raises:
        UploadQuotaReached: the caller may not.
    """
    if actor.service is not None:
        return
    user_id, settings = actor.require_user(), tx.settings
    if lock:
        await tx.execute(_LOCK, {"user": user_id})
    window_s = max(DAY_S, settings.unclaimed_attachment_ttl_h * 3_600) + _SPARE_S
    is_unclaimed = Attachment.message_id.is_(None) & (Attachment.expires_at > func.now())
    is_recent = Attachment.created_at > func.now() - timedelta(seconds=DAY_S)
    statement = select(
        func.count().filter(is_unclaimed),
        func.coalesce(func.sum(Attachment.size).filter(is_unclaimed), 0),
        func.count().filter(is_recent),
        func.coalesce(func.sum(Attachment.size).filter(is_recent), 0),
    ).where(Attachment.uploader_id == user_id, Attachment.service.is_(None), Attachment.id > _first_id_after(window_s))
    unclaimed, unclaimed_bytes, recent, recent_bytes = (await tx.execute(statement)).one()
    number, size = len(sizes), sum(sizes)
    limits = (
        (unclaimed + number, settings.unclaimed_uploads, "files that no message has"),
        (unclaimed_bytes + size, settings.unclaimed_upload_bytes, "bytes of files that no message has"),
        (recent + number, settings.daily_uploads, "files in 24 hours"),
        (recent_bytes + size, settings.daily_upload_bytes, "bytes in 24 hours"),
    )
    for wanted, limit, what in limits:
        if limit and wanted > limit:
            raise UploadQuotaReached(f"A user can store at most {limit} {what}")


def _first_id_after(seconds: float) -> UUID:
    """The smallest UUIDv7 of a time so long ago: it begins with 48 bits of milliseconds."""
    return UUID(int=int((time.time() - seconds) * 1000) << 80)
