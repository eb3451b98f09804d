"""Shapes of erasures and of the audit."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from wasgo_chat.core.encoding import ResponseModel
from wasgo_chat.http.pagination import PageShape


class ErasureOut(ResponseModel):
    """How far an erasure has come. While it is `running` the person is unknown already, and their tokens refused."""

    user_id: str
    state: Literal["running", "done"]
    messages: int = Field(description="Messages that became tombstones so far.")
    conversations: int = Field(description="Conversations gone through so far.")
    requested_at: datetime
    done_at: datetime | None


class AuditOut(ResponseModel):
    """One act. `user_id` is whom it was done to; `target` which thing, or which fields."""

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
    """A page of the audit, newest first."""

    results: list[AuditOut]
