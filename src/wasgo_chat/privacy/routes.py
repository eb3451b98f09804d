"""HTTP routes of personal data, for services: erasure, export and the audit log."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime
from starlette.responses import StreamingResponse

from wasgo_chat.attachments.store import AttachmentStore
from wasgo_chat.core.encoding import ExternalId, JsonResponse, UserId
from wasgo_chat.feature import part_of
from wasgo_chat.http.dependencies import Caller, Cursor, Db, Limit
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity import audit
from wasgo_chat.identity.erased_users import Erasure
from wasgo_chat.privacy import audit_log, erasure, export
from wasgo_chat.privacy.context import privacy_context
from wasgo_chat.privacy.schemas import AuditPage, ErasureOut

router = APIRouter()


@router.delete(
    "/chat/users/{user_id:key}/",
    tags=["users"],
    operation_id="erase_user",
    status_code=202,
    response_model=ErasureOut,
    responses=problem_responses(401, 403, 404),
)
async def erase_user(request: Request, user_id: UserId, caller: Caller, db: Db) -> Response:
    """Erase a user (scopes chat:provision and chat:moderate).

    Their name is hidden, their tokens are rejected and their sockets are closed at once. The rest is done in the
    background. Repeating the request returns the progress.
    """
    caller.require_scope("chat:provision")
    caller.require_scope("chat:moderate")
    async with db.transaction() as tx:
        requested = await erasure.request_erasure(tx, caller, user_id, privacy_context(request).personal_data)
    return JsonResponse(_render(requested, user_id), 202)


@router.get(
    "/chat/users/{user_id:key}/erasure/",
    tags=["users"],
    operation_id="get_erasure",
    response_model=ErasureOut,
    responses=problem_responses(401, 403, 404),
)
async def get_erasure(user_id: UserId, caller: Caller, db: Db) -> Response:
    """Get the progress of an erasure (scope chat:provision)."""
    caller.require_scope("chat:provision")
    async with db.snapshot() as tx:
        requested = await erasure.find(tx, user_id)
    return JsonResponse(_render(requested, user_id))


@router.get(
    "/chat/users/{user_id:key}/export/",
    tags=["users"],
    operation_id="export_user",
    response_class=Response,
    responses={
        200: {
            "description": "The archive.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **problem_responses(401, 403, 404),
    },
)
async def export_user(request: Request, user_id: UserId, caller: Caller, db: Db) -> Response:
    """Export a user's own data as a ZIP archive (scope chat:act_as): messages, reactions, settings and files."""
    caller.require_scope("chat:act_as")
    async with db.transaction() as tx:
        await export.require_user(tx, user_id)
        await audit.record_action(tx, caller, "user_exported", user_id=user_id)
    headers = {"Content-Disposition": 'attachment; filename="chat-export.zip"', "Cache-Control": "no-store"}
    features = privacy_context(request).personal_data
    stream = export.stream_archive(db, part_of(request, AttachmentStore), features, user_id)
    return StreamingResponse(stream, 200, headers, "application/zip")


@router.get(
    "/chat/audit/",
    tags=["audit"],
    operation_id="list_audit",
    response_model=AuditPage,
    responses=problem_responses(401, 403, 422),
)
async def list_audit(
    caller: Caller,
    db: Db,
    actor: Annotated[
        ExternalId | None, Query(description="The user id, or the name of the service, that acted.")
    ] = None,
    conversation: Annotated[UUID | None, Query(description="The conversation that was affected.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Only actions at or after this time.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List the actions of services, moderators and admins, newest first (scope chat:moderate)."""
    caller.require_scope("chat:moderate")
    async with db.snapshot() as tx:
        filters: dict[str, Any] = {"actor": actor, "conversation": conversation, "since": since}
        return JsonResponse(await audit_log.list_audit(tx, **filters, limit=limit, cursor=cursor))


def _render(row: Erasure, user_id: str) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "state": "done" if row.state == "done" else "running",
        "messages": row.messages,
        "conversations": row.conversations,
        "requested_at": row.requested_at,
        "done_at": row.done_at,
    }
