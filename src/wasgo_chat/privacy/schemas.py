"""Response schemas of erasures and of the audit log."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.http.pagination import PageShape


class ErasureOut(ResponseModel):
    """The progress of an erasure. While it is `running`, the user is already hidden and their tokens are rejected."""

    user_id: str
    state: Literal["running", "done"]
    messages: int = Field(description="Messages that have become tombstones so far.")
    conversations: int = Field(description="Conversations processed so far.")
    requested_at: datetime
    done_at: datetime | None


class AuditOut(ResponseModel):
    """One action. `user_id` is the user it affected; `target` is the affected row, or the changed fields."""

    id: UUID
    at: datetime
    actor_id: str | None
    service: str | None
    action: str
    conversation: UUID | None
    user_id: str | None
    target: str | None
    request_id: str | None


class AuditPage(PageShape):
    """A page of the audit log, newest first."""

    results: list[AuditOut]
