"""The HTTP doors of messages: list, send, detail, edit, delete, react, read."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from wasgo_chat.attachments.routes import FORM_PROBLEMS
from wasgo_chat.core.encoding import JsonResponse, Seq, UserId
from wasgo_chat.core.errors import Forbidden, LimitReached, NotFound, Overloaded
from wasgo_chat.database.session import Tx
from wasgo_chat.http.dependencies import (
    Caller,
    Cursor,
    Db,
    IdempotencyKeyHeader,
    Limit,
    RateLimitsDep,
    ReadSessionDep,
    rate_class,
)
from wasgo_chat.http.idempotency import IdempotencyConflict
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.errors import ConversationClosed
from wasgo_chat.membership.lookups import MembershipLoader
from wasgo_chat.messages import reactions, read_receipts, verbs
from wasgo_chat.messages.context import messages_context
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.history.pages import MessageFilters, fetch_page
from wasgo_chat.messages.history.responses import page_response
from wasgo_chat.messages.rendering import conversation_of_message, load_message
from wasgo_chat.messages.schemas import (
    EditMessage,
    MarkMultipleRead,
    MessageOut,
    MessageType,
    ReactionResult,
    ReactToMessage,
    ReadResult,
    ReceiptsOut,
    SendMessage,
    as_client_id,
)
from wasgo_chat.messages.sending.group_commit import GroupCommit
from wasgo_chat.messages.sending.multipart_route import FORM, JsonOrMultipartRoute

router = APIRouter(prefix="/chat/messages", tags=["messages"])


class MessagePage(PageShape):
    """Messages, newest first (with `after_seq` oldest first)."""

    results: list[MessageOut]
    last_seq: int | None = None


@router.get(
    "/",
    operation_id="list_messages",
    response_model=MessagePage,
    responses={304: {"description": "Nothing changed since that `ETag`."}, **problem_responses(401, 403, 404, 422)},
)
async def list_messages(
    request: Request,
    caller: Caller,
    places: MembershipLoader,
    reading: ReadSessionDep,
    conversation: UUID | None = None,
    before_seq: Seq | None = None,
    after_seq: Annotated[Seq | None, Query(description="Then oldest first.")] = None,
    around_seq: Annotated[Seq | None, Query(description="Half a page to either side.")] = None,
    sender: UserId | None = None,
    message_type: MessageType | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    if_none_match: Annotated[str | None, Header(description="The `ETag` of an earlier answer.")] = None,
) -> Response:
    """List messages of one conversation by seq, or of all of the caller's by time.

    Of one conversation, the answer has an `ETag`: sent back as `If-None-Match` it gives 304 while nothing changed.
    """
    filters = MessageFilters(conversation, before_seq, after_seq, around_seq, sender, message_type)
    if conversation is None:
        answer, headers = await reading.read(lambda tx: fetch_page(tx, caller, filters, limit=limit, cursor=cursor))
        return JsonResponse(answer, headers=headers)
    place = await places.find((caller.require_user(), conversation))
    if place is None:
        raise NotFound
    worker = messages_context(request)
    return await page_response(
        worker.settings,
        worker.newest_pages,
        reading,
        caller,
        filters,
        limit=limit,
        cursor=cursor,
        last_seq=place.last_seq,
        seen=if_none_match,
    )


async def _group_commit(request: Request) -> GroupCommit:
    return messages_context(request).group_commit


@rate_class(None)
async def send_message(
    body: SendMessage,
    caller: Caller,
    db: Db,
    group: Annotated[GroupCommit, Depends(_group_commit)],
    rates: RateLimitsDep,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Send a message. `client_id` (or an `Idempotency-Key`) makes it safe to send again."""
    if body.client_id is None and key is not None:
        body.client_id = as_client_id(key)
    verbs.check_message(db.settings, body)
    await rates.count_message(caller.require_user(), body.conversation)
    sent = await group.send(caller, body.conversation, body)
    if (answer := sent.rendered) is None:
        async with db.snapshot() as tx:
            answer = await load_message(tx, body.conversation, sent.message_id, viewer=caller.require_user())
    if sent.is_new:
        return JsonResponse(answer, 201)
    return JsonResponse(answer, 200, headers={"Idempotent-Replay": "true"})


router.add_api_route(
    "/",
    send_message,
    methods=["POST"],
    route_class_override=JsonOrMultipartRoute,
    operation_id="send_message",
    status_code=201,
    response_model=MessageOut,
    responses={
        200: {"model": MessageOut, "description": "This client_id was sent before."},
        **problem_responses(
            401, 403, Forbidden, 404, ConversationClosed, IdempotencyConflict, 422, 429, Overloaded, *FORM_PROBLEMS
        ),
    },
    openapi_extra={"requestBody": {"content": {"multipart/form-data": {"schema": FORM}}}},
)


@router.post(
    "/mark_multiple_read/",
    operation_id="mark_messages_read",
    response_model=ReadResult,
    responses=problem_responses(401, 403, 404, 422),
)
async def mark_messages_read(body: MarkMultipleRead, caller: Caller, db: Db) -> Response:
    """Mark exactly these messages as read; one foreign id refuses all."""
    async with db.transaction() as tx:
        result = await read_receipts.mark_messages(tx, caller, body.message_ids)
    return JsonResponse(result)


@router.get(
    "/{message_id}/", operation_id="get_message", response_model=MessageOut, responses=problem_responses(401, 403, 404)
)
async def get_message(message_id: UUID, caller: Caller, db: Db) -> Response:
    """Get one message."""
    caller.require_user()
    async with db.snapshot() as tx:
        return JsonResponse(await _load(tx, caller, message_id))


@router.post(
    "/{message_id}/edit/",
    operation_id="edit_message",
    response_model=MessageOut,
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed, MessageDeletedError, 422),
)
async def edit_message(message_id: UUID, body: EditMessage, caller: Caller, db: Db) -> Response:
    """Change the content of one's own message."""
    async with db.transaction() as tx:
        seat = await verbs.edit(tx, caller, message_id, body.content)
        answer = await load_message(tx, seat.conversation.id, message_id, viewer=caller.require_user())
    return JsonResponse(answer)


@router.post(
    "/{message_id}/delete/",
    operation_id="delete_message",
    response_model=MessageOut,
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed),
)
async def delete_message(message_id: UUID, caller: Caller, db: Db) -> Response:
    """Make a message a tombstone: one's own, or as moderator anybody's."""
    async with db.transaction() as tx:
        seat = await verbs.delete(tx, caller, message_id)
        answer = await load_message(tx, seat.conversation.id, message_id, viewer=caller.user_id or "")
    return JsonResponse(answer)


@router.post(
    "/{message_id}/react/",
    operation_id="react_to_message",
    response_model=ReactionResult,
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed, MessageDeletedError, LimitReached, 422),
)
async def react_to_message(message_id: UUID, body: ReactToMessage, caller: Caller, db: Db) -> Response:
    """Toggle an emoji; with `action` add or remove it."""
    async with db.transaction() as tx:
        result = await reactions.react(tx, caller, message_id, body)
    return JsonResponse(result)


@router.post(
    "/{message_id}/mark_read/",
    operation_id="mark_message_read",
    response_model=ReadResult,
    responses=problem_responses(401, 403, 404),
)
async def mark_message_read(message_id: UUID, caller: Caller, db: Db) -> Response:
    """Mark one message as read."""
    async with db.transaction() as tx:
        result = await read_receipts.mark_messages(tx, caller, [message_id])
    return JsonResponse(result)


@router.get(
    "/{message_id}/receipts/",
    operation_id="list_receipts",
    response_model=ReceiptsOut,
    responses=problem_responses(401, 403, 404),
)
async def list_receipts(message_id: UUID, caller: Caller, db: Db) -> Response:
    """List who read a message, and when."""
    caller.require_user()
    async with db.snapshot() as tx:
        conversation_id = await conversation_of_message(tx, caller, message_id)
        await access.authorize(tx, caller, conversation_id)
        return JsonResponse({"results": await read_receipts.list_receipts(tx, conversation_id, message_id)})


async def _load(tx: Tx, caller: Actor, message_id: UUID) -> dict[str, object]:
    conversation_id = await conversation_of_message(tx, caller, message_id)
    await access.authorize(tx, caller, conversation_id)
    return await load_message(tx, conversation_id, message_id, viewer=caller.require_user())
