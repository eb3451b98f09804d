"""HTTP routes of support conversations."""

from uuid import UUID

from fastapi import APIRouter, Response

from wasgo_chat.conversation_types import SUPPORT
from wasgo_chat.conversations.rendering import load_conversation
from wasgo_chat.conversations.schemas import ConversationOut
from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.core.errors import Forbidden, LimitReached
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, RateLimitsDep, rate_class, replayed_response
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.membership.create import ConversationTypeForbidden
from wasgo_chat.messages.sending.gate import admit
from wasgo_chat.support import operations
from wasgo_chat.support.operations import (
    AssignStaff,
    CreateSupportConversation,
    NoStaffAvailable,
    NotSupportConversation,
)

router = APIRouter(prefix="/chat/conversations", tags=["support"])


@router.post(
    "/create_support_conversation/",
    operation_id="create_support_conversation",
    status_code=201,
    response_model=ConversationOut,
    responses=problem_responses(401, 403, ConversationTypeForbidden, IdempotencyConflict, LimitReached, 422, 429),
)
@rate_class(None)
async def create_support_conversation(
    body: CreateSupportConversation, caller: Caller, db: Db, rates: RateLimitsDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Ask for support. The staff user with the fewest open support conversations, if any, joins as moderator."""
    # The conversation has no id yet: a user's requests for support share one rate.
    await admit(db.settings, rates, caller, SUPPORT.name, body.first_message())
    request = IdempotentRequest("create_support_conversation", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if previous := await request.previous_result(tx):
            return replayed_response(previous[0], await load_conversation(tx, caller, previous[1]))
        conversation_id = await operations.open_conversation(tx, caller, body)
        await request.store(tx, 201, conversation_id)
        conversation = await load_conversation(tx, caller, conversation_id)
    return JsonResponse(conversation, 201)


@router.post(
    "/{conversation_id}/assign/",
    operation_id="assign_staff",
    response_model=ConversationOut,
    responses={
        204: {"description": "Reassigned; the caller has left the conversation."},
        **problem_responses(401, 403, Forbidden, 404, NotSupportConversation, NoStaffAvailable, 422),
    },
)
async def assign_staff(conversation_id: UUID, body: AssignStaff, caller: Caller, db: Db) -> Response:
    """Reassign a support conversation to another staff user (its moderator, or a service with chat:provision)."""
    if caller.is_service:
        caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        await operations.upsert_staff(tx, caller, conversation_id)
    async with db.transaction() as tx:
        may_see = await operations.assign_staff(tx, caller, conversation_id, body.user_id)
        conversation = await load_conversation(tx, caller, conversation_id) if may_see else None
    return Response(status_code=204) if conversation is None else JsonResponse(conversation)
