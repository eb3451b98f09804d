"""Every table of the program in one place, for migrations."""

from sqlalchemy import MetaData

from wasgo_chat import presence
from wasgo_chat.attachments import models as attachments
from wasgo_chat.conversations import models as conversations
from wasgo_chat.core import audit, erasures, idempotency, users
from wasgo_chat.core.db import Base
from wasgo_chat.events import cursors, log
from wasgo_chat.gateway import tickets
from wasgo_chat.messages import models as messages
from wasgo_chat.notifications import models as notifications

__all__ = [
    "METADATA",
    "attachments",
    "audit",
    "conversations",
    "cursors",
    "erasures",
    "idempotency",
    "log",
    "messages",
    "notifications",
    "presence",
    "tickets",
    "users",
]

METADATA: MetaData = Base.metadata
