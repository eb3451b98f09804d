"""Imports all modules with tables, so that migrations see the complete metadata."""

from sqlalchemy import MetaData

from wasgo_chat.attachments import models as attachments
from wasgo_chat.database.session import Base
from wasgo_chat.events import epochs, log, pending
from wasgo_chat.feed import models as feed
from wasgo_chat.gateway import tickets
from wasgo_chat.http import idempotency
from wasgo_chat.identity import audit, erased_users, users
from wasgo_chat.membership import models as membership
from wasgo_chat.messages import models as messages
from wasgo_chat.notifications import models as notifications
from wasgo_chat.presence import models as presence

__all__ = [
    "METADATA",
    "attachments",
    "audit",
    "epochs",
    "erased_users",
    "feed",
    "idempotency",
    "log",
    "membership",
    "messages",
    "notifications",
    "pending",
    "presence",
    "tickets",
    "users",
]

METADATA: MetaData = Base.metadata
