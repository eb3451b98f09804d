"""HTTP routes of conversations: list, create, get, update, participants, archive, unread counts, events."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from wasgo_chat.conversation_types import ConversationTypeName
from wasgo_chat.conversations import participants
from wasgo_chat.conversations.event_frames import render_events
from wasgo_chat.conversations.event_schemas import EventPage
from wasgo_chat.conversations.rendering import conversation_page, load_conversation, load_participant
from wasgo_chat.conversations.schemas import ConversationOut, ConversationPage, UnreadCounts
from wasgo_chat.core.encoding import ExternalId, JsonResponse, Seq, SingleLine, UserId
from wasgo_chat.core.errors import Forbidden, LimitReached, UserErased
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events import log
from wasgo_chat.events.epochs import current_epoch
from wasgo_chat.http.dependencies import (
    Caller,
    Cursor,
    Db,
    IdempotencyKeyHeader,
    Limit,
    RateLimitsDep,
    ReadSessionDep,
    replayed_response,
    weighed,
)
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.json_limits import clean_json_object
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access, create, operations
from wasgo_chat.membership.create import ConversationTypeForbidden
from wasgo_chat.membership.errors import AssignedStaff, DirectConversation, LastAdmin, ParticipantLeft
from wasgo_chat.membership.lookups import MembershipLoader
from wasgo_chat.membership.schemas import (
    AddParticipant,
    CreateConversation,
    ParticipantOut,
    RemoveParticipant,
    UpdateConversation,
    UpdateParticipant,
)
from wasgo_chat.messages import read_receipts
from wasgo_chat.messages.schemas import ReadResult

router = APIRouter(prefix="/chat/conversations", tags=["conversations"])


@router.get(
    "/", operation_id="list_conversations", response_model=ConversationPage, responses=problem_responses(401, 403, 422)
)
@weighed(results_per_read=10)
async def list_conversations(
    caller: Caller,
    reading: ReadSessionDep,
    conversation_type: ConversationTypeName | None = None,
    archived: bool = False,
    reference_type: Annotated[SingleLine, Query(max_length=64)] | None = None,
    reference_id: ExternalId | None = None,
    unread: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List the caller's conversations, newest activity first; either the archived ones or the others."""
    page, headers = await reading.read(
        lambda tx: conversation_page(
            tx,
            caller,
            conversation_type=conversation_type,
            archived=archived,
            reference_type=reference_type,
            reference_id=reference_id,
            unread=unread,
            limit=limit,
            cursor=cursor,
        )
    )
    return JsonResponse(page, headers=headers)


@router.post(
    "/",
    operation_id="create_conversation",
    status_code=201,
    response_model=ConversationOut,
    responses={
        200: {"model": ConversationOut, "description": "It exists already."},
        **problem_responses(401, 403, ConversationTypeForbidden, 404, IdempotencyConflict, UserErased, 422, 429),
    },
)
async def create_conversation(
    body: CreateConversation, caller: Caller, db: Db, rates: RateLimitsDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Create a conversation, or get the existing one of a direct pair or a reference.

    Users create the types that the settings allow, support conversations only by their own route.
    """
    clean_json_object(db.settings, "metadata", body.metadata)
    await _count_people(db, rates, caller, len({participant.user_id for participant in body.participants_given()}))
    request = IdempotentRequest("create_conversation", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if previous := await request.previous_result(tx):
            return replayed_response(previous[0], await load_conversation(tx, caller, previous[1]))
        created = await create.create(tx, caller, body)
        status = 201 if created.is_new else 200
        await request.store(tx, status, created.conversation_id)
        conversation = await load_conversation(tx, caller, created.conversation_id)
    return JsonResponse(conversation, status)


@router.get(
    "/unread_counts/",
    operation_id="get_unread_counts",
    response_model=UnreadCounts,
    responses=problem_responses(401, 403),
)
async def get_unread_counts(caller: Caller, reading: ReadSessionDep) -> Response:
    """Count the caller's unread messages, in total and by conversation."""
    counts, headers = await reading.read(lambda tx: read_receipts.unread_counts(tx, caller.require_user()))
    by_conversation = {str(key): count for key, count in counts.items()}
    return JsonResponse({"total": sum(counts.values()), "conversations": by_conversation}, headers=headers)


@router.get(
    "/{conversation_id}/",
    operation_id="get_conversation",
    response_model=ConversationOut,
    responses=problem_responses(401, 403, 404),
)
@weighed(results_per_read=25)
async def get_conversation(conversation_id: UUID, caller: Caller, reading: ReadSessionDep) -> Response:
    """Get one conversation."""
    caller.require_user()
    conversation, headers = await reading.read(lambda tx: load_conversation(tx, caller, conversation_id))
    return JsonResponse(conversation, headers=headers)


@router.patch(
    "/{conversation_id}/",
    operation_id="update_conversation",
    response_model=ConversationOut,
    responses=problem_responses(401, 403, Forbidden, DirectConversation, 404, 422),
)
async def update_conversation(conversation_id: UUID, body: UpdateConversation, caller: Caller, db: Db) -> Response:
    """Change title, metadata or settings (admin), close or reopen (moderator)."""
    async with db.transaction() as tx:
        await participants.update(tx, caller, conversation_id, body)
        conversation = await load_conversation(tx, caller, conversation_id)
    return JsonResponse(conversation)


@router.post(
    "/{conversation_id}/add_participant/",
    operation_id="add_participant",
    status_code=201,
    response_model=ParticipantOut,
    responses={
        200: {"model": ParticipantOut, "description": "The user is a member already."},
        **problem_responses(
            401,
            403,
            Forbidden,
            DirectConversation,
            AssignedStaff,
            404,
            IdempotencyConflict,
            LimitReached,
            ParticipantLeft,
            422,
            429,
        ),
    },
)
async def add_participant(
    conversation_id: UUID,
    body: AddParticipant,
    caller: Caller,
    db: Db,
    rates: RateLimitsDep,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Add a participant, who can read the whole history."""
    await _count_people(db, rates, caller, 1)
    request = IdempotentRequest(f"add_participant:{conversation_id}", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        # In a transaction of its own: rows of `users` are never locked while a conversation is locked.
        membership = await access.authorize(tx, caller, conversation_id)
        operations.require_may_add(membership, body.role)
        await users.insert_named(tx, [body.user_id], by_service=caller.is_service)
    async with db.transaction() as tx:
        if previous := await request.previous_result(tx):
            await access.authorize(tx, caller, conversation_id)
            return replayed_response(previous[0], await load_participant(tx, conversation_id, body.user_id))
        is_new = await participants.add(tx, caller, conversation_id, body)
        status = 201 if is_new else 200
        await request.store(tx, status, conversation_id)
        participant = await load_participant(tx, conversation_id, body.user_id)
    return JsonResponse(participant, status)


@router.post(
    "/{conversation_id}/remove_participant/",
    operation_id="remove_participant",
    status_code=204,
    response_class=Response,
    responses=problem_responses(401, 403, Forbidden, DirectConversation, LastAdmin, AssignedStaff, 404, 422),
)
async def remove_participant(conversation_id: UUID, body: RemoveParticipant, caller: Caller, db: Db) -> Response:
    """Remove a participant, or leave (by removing the caller)."""
    async with db.transaction() as tx:
        await participants.remove(tx, caller, conversation_id, body.user_id)
    return Response(status_code=204)


@router.patch(
    "/{conversation_id}/participants/{user_id:key}/",
    operation_id="update_participant",
    response_model=ParticipantOut,
    responses=problem_responses(401, 403, Forbidden, DirectConversation, LastAdmin, AssignedStaff, 404, 422),
)
async def update_participant(
    conversation_id: UUID, user_id: UserId, body: UpdateParticipant, caller: Caller, db: Db
) -> Response:
    """Change a participant's role, up to the caller's own role."""
    async with db.transaction() as tx:
        await participants.change_role(tx, caller, conversation_id, user_id, body.role)
        participant = await load_participant(tx, conversation_id, user_id)
    return JsonResponse(participant)


@router.post(
    "/{conversation_id}/archive/",
    operation_id="archive_conversation",
    response_model=ConversationOut,
    responses=problem_responses(401, 403, 404),
)
async def archive_conversation(conversation_id: UUID, caller: Caller, db: Db) -> Response:
    """Archive a conversation for the caller, until its next message."""
    return await _archive(conversation_id, caller, db, archived=True)


@router.post(
    "/{conversation_id}/unarchive/",
    operation_id="unarchive_conversation",
    response_model=ConversationOut,
    responses=problem_responses(401, 403, 404),
)
async def unarchive_conversation(conversation_id: UUID, caller: Caller, db: Db) -> Response:
    """Unarchive a conversation for the caller."""
    return await _archive(conversation_id, caller, db, archived=False)


@router.post(
    "/{conversation_id}/mark_read/",
    operation_id="mark_conversation_read",
    response_model=ReadResult,
    responses=problem_responses(401, 403, 404),
)
async def mark_conversation_read(conversation_id: UUID, caller: Caller, db: Db) -> Response:
    """Mark everything up to the conversation's head as read."""
    async with db.transaction() as tx:
        result = await read_receipts.mark_conversation(tx, caller, conversation_id)
    return JsonResponse(result)


@router.get(
    "/{conversation_id}/events/",
    operation_id="list_events",
    response_model=EventPage,
    responses=problem_responses(401, 403, 404, 422),
)
@weighed(results_per_read=25)
async def list_events(
    conversation_id: UUID,
    caller: Caller,
    reading: ReadSessionDep,
    memberships: MembershipLoader,
    after_seq: Annotated[Seq, Query(description="Events with a greater seq, oldest first.")] = 0,
    limit: Limit = 50,
) -> Response:
    """Read the log: the durable frames that a socket would have sent. `next` is the `after_seq` of the next page.

    Events up to `purged_seq` are deleted: a client that has seen less must load the conversation again, and so must a
    client whose `after_seq` is of another `epoch`.
    """
    caller.require_user()

    async def fetch_events(tx: Tx) -> dict[str, Any]:
        epoch = await current_epoch(tx)
        membership = await access.authorize(tx, caller, conversation_id)
        rows = await log.read_after(tx, conversation_id, after_seq, limit=limit + 1)
        page = rows[:limit]
        next_seq = str(page[-1].seq) if len(rows) > limit else None
        frames = await render_events(tx, conversation_id, page)
        conversation = membership.conversation
        heads = {"last_seq": conversation.last_seq, "purged_seq": conversation.purged_seq, "epoch": epoch}
        return {"results": frames, "next": next_seq, "previous": None, **heads}

    head = await memberships.find((caller.require_user(), conversation_id)) if reading.may_use_replica else None
    return JsonResponse(await reading.read_at_least(head.last_seq if head else None, fetch_events))


async def _count_people(db: Database, rates: RateLimits, caller: Actor, people: int) -> None:
    """Count the people whom a user adds; services act for many users. Raises: RateLimited."""
    if caller.service is None:
        count = min(people, db.settings.max_user_participants)  # more are refused anyway
        await rates.count_request(caller.require_user(), "person", cost=count)


async def _archive(conversation_id: UUID, caller: Caller, db: Db, *, archived: bool) -> Response:
    async with db.transaction() as tx:
        membership = await access.authorize(tx, caller, conversation_id, lock=True)
        await operations.archive(tx, membership, archived=archived)
        conversation = await load_conversation(tx, caller, conversation_id)
    return JsonResponse(conversation)
