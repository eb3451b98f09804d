"""Doors for the platform's services: conversations of its objects, system messages, the user mirror.

GET is for users too: the conversation of a bid, job, request or dispute they take part in.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from sqlalchemy import select

from wasgo_chat.conversations import participants
from wasgo_chat.conversations.rendering import load_conversation
from wasgo_chat.conversations.schemas import ConversationOut
from wasgo_chat.core.encoding import ExternalId, JsonResponse, ResponseModel, UserId
from wasgo_chat.core.errors import Invalid, LimitReached, NotFound
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, replayed_response
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.json_limits import check_json_object
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity import audit, users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.users import PutUser, UserOut, user_shape
from wasgo_chat.membership import access, create, verbs
from wasgo_chat.membership.access import Action
from wasgo_chat.membership.errors import ConversationClosed
from wasgo_chat.membership.models import Conversation
from wasgo_chat.membership.schemas import AddParticipant, ProvisionConversation, Reference, UpdateConversation
from wasgo_chat.messages.rendering import load_message
from wasgo_chat.messages.schemas import MessageOut, SendSystemMessage
from wasgo_chat.messages.verbs import post_system_message

router = APIRouter()

_KINDS = {"bids": "bid", "jobs": "job", "requests": "request", "disputes": "dispute"}
ReferenceId = Annotated[ExternalId, Path(description="The platform's id of the object.")]


class Revoked(ResponseModel):
    """Tokens of the user that were issued before this moment are refused."""

    user_id: str
    revoked_before: datetime


async def get_object_conversation(kind: str, reference_id: str, caller: Actor, db: Database) -> Response:
    """The conversation of an object, for those who take part in it.

    Raises:
        NotFound: there is none, or not for the caller.
    """
    async with db.snapshot() as tx:
        conversation_id = await _conversation_of(tx, caller.require_user(), kind, reference_id)
        return JsonResponse(await load_conversation(tx, caller, conversation_id))


async def put_object_conversation(
    kind: str, reference_id: str, body: ProvisionConversation, caller: Actor, db: Database
) -> Response:
    """Get or create: 201 the first time; later calls add who is missing and take title and metadata over."""
    caller.require_scope("chat:provision")
    people = body.participants
    if len(people) > db.settings.max_participants:
        raise Invalid.field(
            ["participants"],
            "too_long",
            f"a conversation has at most {db.settings.max_participants} participants",
        )
    async with db.transaction() as tx:
        profiles = {person.user_id: person.model_dump(include={"username", "display_name"}) for person in people}
        await users.upsert_users(tx, profiles)
    async with db.transaction() as tx:
        reference = Reference(type=kind, id=reference_id)
        made = await create.provision(
            tx, caller, kind, reference, list(people), title=body.title or "", metadata=body.metadata or {}
        )
        if not made.is_new:
            seat = await access.authorize(tx, caller, made.conversation_id, lock=True)
            for person in people:
                await participants.add_to(tx, seat, AddParticipant(user_id=person.user_id, role=person.role))
            await verbs.update_conversation(tx, seat, UpdateConversation(title=body.title, metadata=body.metadata))
        answer = await load_conversation(tx, caller, made.conversation_id)
    return JsonResponse(answer, 201 if made.is_new else 200)


def _add_routes(path: str, kind: str) -> None:
    """GET and PUT for one kind of object; a route each, so that each has its own operation id."""

    async def get_(reference_id: ReferenceId, caller: Caller, db: Db) -> Response:
        return await get_object_conversation(kind, reference_id, caller, db)

    async def put(reference_id: ReferenceId, body: ProvisionConversation, caller: Caller, db: Db) -> Response:
        return await put_object_conversation(kind, reference_id, body, caller, db)

    where = f"/{path}/{{reference_id:key}}/conversation/"
    router.add_api_route(
        where,
        get_,
        methods=["GET"],
        tags=["integrations"],
        operation_id=f"get_{kind}_conversation",
        summary=f"Get the conversation of a {kind}",
        response_model=ConversationOut,
        responses=problem_responses(401, 403, 404),
    )
    router.add_api_route(
        where,
        put,
        methods=["PUT"],
        tags=["integrations"],
        operation_id=f"put_{kind}_conversation",
        summary=f"Get or create the conversation of a {kind} (scope chat:provision)",
        response_model=ConversationOut,
        responses={
            201: {"model": ConversationOut, "description": "It was created."},
            **problem_responses(401, 403, 404, LimitReached, 422),
        },
    )


for _path, _kind in _KINDS.items():
    _add_routes(_path, _kind)


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
    """Write an automated note into a conversation (scope chat:system_message)."""
    caller.require_scope("chat:system_message")
    if not body.content.strip():
        raise Invalid.field(["content"], "empty", "has nothing but white space")
    if len(body.content) > db.settings.max_content_chars:
        raise Invalid.field(["content"], "too_long", f"has more than {db.settings.max_content_chars} characters")
    check_json_object(db.settings, "metadata", body.metadata)
    once = IdempotentRequest(f"send_system_message:{conversation_id}", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if earlier := await once.previous_result(tx):
            return replayed_response(earlier[0], await load_message(tx, conversation_id, earlier[1], viewer=""))
        seat = await access.authorize(tx, caller, conversation_id, lock=True)
        seat.require(Action.WRITE_SYSTEM)
        sent = await post_system_message(tx, caller, conversation_id, body.content, body.metadata)
        await once.store(tx, 201, sent.message_id)
        answer = await load_message(tx, conversation_id, sent.message_id, viewer="")
    return JsonResponse(answer, 201)


@router.put(
    "/chat/users/{user_id:key}/",
    tags=["users"],
    operation_id="put_user",
    response_model=UserOut,
    responses=problem_responses(401, 403, 404, 422),
)
async def put_user(user_id: UserId, body: PutUser, caller: Caller, db: Db) -> Response:
    """Refresh the mirror of a user (scope chat:provision); what is left out stays."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        given = body.model_dump(exclude_none=True)
        await users.upsert_users(tx, {user_id: given})
        await audit.record_action(tx, caller, "user_put", user_id=user_id, target=",".join(sorted(given)))
        user = await users.find(tx, user_id)
    if user is None:
        raise NotFound
    return JsonResponse(user_shape(user.id, user.username, user.display_name, user.avatar_url))


@router.post(
    "/chat/users/{user_id:key}/revoke/",
    tags=["users"],
    operation_id="revoke_user",
    response_model=Revoked,
    responses=problem_responses(401, 403, 404, 409),
)
async def revoke_user(user_id: UserId, caller: Caller, db: Db) -> Response:
    """Refuse every token of a user issued before now, and close its sockets (scope chat:provision)."""
    caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        moment = await users.revoke(tx, user_id)
        await audit.record_action(tx, caller, "user_revoked", user_id=user_id)
    return JsonResponse({"user_id": user_id, "revoked_before": moment})


async def _conversation_of(tx: Tx, user_id: str, kind: str, reference_id: str) -> UUID:
    """One query, so that a stranger's wait does not tell whether there is one."""
    statement = select(Conversation.id).where(
        Conversation.conversation_type == kind,
        Conversation.reference_type == kind,
        Conversation.reference_id == reference_id,
        access.is_current_member(user_id),
    )
    found: UUID | None = (await tx.execute(statement)).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found
