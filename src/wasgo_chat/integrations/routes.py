"""HTTP routes for the platform's services: conversations about its objects, system messages, the user mirror.

Members may use the GET routes too.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from wasgo_chat.conversation_types import REFERENCED_TYPES, ConversationType
from wasgo_chat.conversations.rendering import load_conversation
from wasgo_chat.conversations.schemas import ConversationOut
from wasgo_chat.core.encoding import ExternalId, JsonResponse, ResponseModel, UserId
from wasgo_chat.core.errors import LimitReached
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, replayed_response
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.users import PutUser, UserOut
from wasgo_chat.integrations import operations
from wasgo_chat.membership import access
from wasgo_chat.membership.create import check_participant_count
from wasgo_chat.membership.errors import ConversationClosed
from wasgo_chat.membership.roles import Action
from wasgo_chat.membership.schemas import ProvisionConversation
from wasgo_chat.messages.operations import post_system_message
from wasgo_chat.messages.rendering import load_message
from wasgo_chat.messages.schemas import MessageOut, SendSystemMessage
from wasgo_chat.messages.sending.gate import check_system_message

router = APIRouter()

ReferenceId = Annotated[ExternalId, Path(description="The platform's id of the object.")]


class Revoked(ResponseModel):
    """Tokens of the user issued before this moment are refused."""

    user_id: str
    revoked_before: datetime


def _add_object_routes(type_: ConversationType) -> None:
    """GET and PUT for the objects of one type: separate routes, so that each has its own operation id."""

    async def get_(reference_id: ReferenceId, caller: Caller, db: Db) -> Response:
        async with db.snapshot() as tx:
            conversation_id = await operations.object_conversation(tx, caller.require_user(), type_.name, reference_id)
            return JsonResponse(await load_conversation(tx, caller, conversation_id))

    async def put(reference_id: ReferenceId, body: ProvisionConversation, caller: Caller, db: Db) -> Response:
        caller.require_scope("chat:provision")
        check_participant_count(db.settings.max_participants, len(body.participants))
        async with db.transaction() as tx:
            await operations.upsert_participants(tx, caller, body)
        async with db.transaction() as tx:
            result = await operations.provision(tx, caller, type_.name, reference_id, body)
            conversation = await load_conversation(tx, caller, result.conversation_id)
        return JsonResponse(conversation, 201 if result.is_new else 200)

    path = f"/{type_.url_segment}/{{reference_id:key}}/conversation/"
    router.add_api_route(
        path,
        get_,
        methods=["GET"],
        tags=["integrations"],
        operation_id=f"get_{type_.name}_conversation",
        summary=f"Get the conversation of a {type_.name}",
        response_model=ConversationOut,
        responses=problem_responses(401, 403, 404),
    )
    router.add_api_route(
        path,
        put,
        methods=["PUT"],
        tags=["integrations"],
        operation_id=f"put_{type_.name}_conversation",
        summary=f"Get or create the conversation of a {type_.name} (scope chat:provision)",
        response_model=ConversationOut,
        responses={
            201: {"model": ConversationOut, "description": "It was created."},
            **problem_responses(401, 403, 404, LimitReached, 422),
        },
    )


for _type in REFERENCED_TYPES.values():
    _add_object_routes(_type)


@router.post(
    "/chat/conversations/{conversation_id}/system_messages/",
    tags=["integrations"],
    operation_id="send_system_message",
    status_code=201,
    response_model=MessageOut,
    responses=problem_responses(401, 403, 404, ConversationClosed, IdempotencyConflict, 422),
)
async def send_system_message(
    conversation_id: UUID, body: SendSystemMessage, caller: Caller, db: Db, key: IdempotencyKeyHeader = None
) -> Response:
    """Post a system message to a conversation (scope chat:system_message)."""
    caller.require_scope("chat:system_message")
    check_system_message(db.settings, body)
    request = IdempotentRequest(f"send_system_message:{conversation_id}", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if previous := await request.previous_result(tx):
            return replayed_response(previous[0], await load_message(tx, conversation_id, previous[1], viewer=""))
        membership = await access.authorize(tx, caller, conversation_id, lock=True)
        membership.require(Action.WRITE_SYSTEM)
        sent = await post_system_message(tx, caller, conversation_id, body.content, body.metadata)
        await request.store(tx, 201, sent.message_id)
        message = await load_message(tx, conversation_id, sent.message_id, viewer="")
    return JsonResponse(message, 201)


@router.put(
    "/chat/users/{user_id:key}/",
    tags=["users"],
    operation_id="put_user",
    response_model=UserOut,
    responses=problem_responses(401, 403, 404, 422),
)
async def put_user(user_id: UserId, body: PutUser, caller: Caller, db: Db) -> Response:
    """Create or update the mirrored profile of a user (scope chat:provision); omitted fields keep their value."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        user = await operations.put_user(tx, caller, user_id, body)
    return JsonResponse(user)


@router.post(
    "/chat/users/{user_id:key}/revoke/",
    tags=["users"],
    operation_id="revoke_user",
    response_model=Revoked,
    responses=problem_responses(401, 403, 404, 409),
)
async def revoke_user(user_id: UserId, caller: Caller, db: Db) -> Response:
    """Refuse every token of a user issued before now, and close the user's sockets (scope chat:provision)."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        revoked_before = await users.revoke(tx, user_id)
        await audit.record_action(tx, caller, "user_revoked", user_id=user_id)
    return JsonResponse({"user_id": user_id, "revoked_before": revoked_before})
