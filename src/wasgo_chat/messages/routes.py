"""HTTP routes of messages: list, send, get, edit, delete, react, mark as read, receipts."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from wasgo_chat.attachments.routes import FORM_PROBLEMS
from wasgo_chat.core.encoding import JsonResponse, Seq, UserId
from wasgo_chat.core.errors import Forbidden, LimitReached, NotFound, Overloaded
from wasgo_chat.database.session import Tx
from wasgo_chat.events.epochs import EpochOut, current_epoch
from wasgo_chat.http.dependencies import (
    Caller,
    Cursor,
    Db,
    ETag,
    IdempotencyKeyHeader,
    Limit,
    RateLimitsDep,
    ReadSessionDep,
    rate_class,
    replayed_response,
    weighed,
)
from wasgo_chat.http.idempotency import IdempotencyConflict
from wasgo_chat.http.pagination import PageShape
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.http.rate_limits import RateLimits
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.errors import ConversationClosed
from wasgo_chat.membership.lookups import MembershipLoader
from wasgo_chat.messages import operations, reactions, read_receipts
from wasgo_chat.messages.context import messages_context
from wasgo_chat.messages.errors import MessageDeletedError
from wasgo_chat.messages.history import fast_path
from wasgo_chat.messages.history.pages import MessageFilters, fetch_page
from wasgo_chat.messages.history.responses import page_response
from wasgo_chat.messages.rendering import conversation_of_message, load_message
from wasgo_chat.messages.schemas import (
    EditMessage,
    MarkMultipleRead,
    MessageOut,
    ReactionResult,
    ReactToMessage,
    ReadResult,
    ReceiptsOut,
    SendMessage,
    as_client_id,
)
from wasgo_chat.messages.sending.gate import admit
from wasgo_chat.messages.sending.group_commit import GroupCommit
from wasgo_chat.messages.sending.multipart_route import FORM, JsonOrMultipartRoute
from wasgo_chat.messages.types import MessageTypeName

router = APIRouter(prefix="/chat/messages", tags=["messages"])


class MessagePage(PageShape):
    """Messages, newest first; with `after_seq` oldest first."""

    results: list[MessageOut]
    last_seq: int | None = None
    epoch: EpochOut


@router.get(
    "/",
    operation_id="list_messages",
    response_model=MessagePage,
    responses={
        304: {"description": "Nothing changed since the page with that `ETag`."},
        **problem_responses(401, 403, 404, 422),
    },
)
@weighed(fast_path.MESSAGES_PER_READ, turns="read")
async def list_messages(
    request: Request,
    caller: Caller,
    memberships: MembershipLoader,
    reading: ReadSessionDep,
    conversation: UUID | None = None,
    before_seq: Seq | None = None,
    after_seq: Annotated[Seq | None, Query(description="Only messages after this seq, oldest first.")] = None,
    around_seq: Annotated[Seq | None, Query(description="Half a page on either side of this seq.")] = None,
    sender: UserId | None = None,
    message_type: MessageTypeName | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    if_none_match: Annotated[ETag | None, Header(description="The `ETag` of an earlier response.")] = None,
) -> Response:
    """List messages of one conversation by seq, or of all the caller's conversations by time.

    Pages of one conversation have an `ETag`: sent back as `If-None-Match`, it gives 304 while nothing has changed.
    """
    filters = MessageFilters(conversation, before_seq, after_seq, around_seq, sender, message_type)
    if conversation is None:

        async def fetch(tx: Tx) -> dict[str, Any]:
            epoch = await current_epoch(tx)
            return {**await fetch_page(tx, caller, filters, limit=limit, cursor=cursor), "epoch": epoch}

        page, headers = await reading.read(fetch)
        return JsonResponse(page, headers=headers)
    head = await memberships.find((caller.require_user(), conversation))
    if head is None:
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
        head=head,
        if_none_match=if_none_match,
    )


async def _group_commit(request: Request) -> GroupCommit:
    return messages_context(request).group_commit


@rate_class(None)
async def send_message(
    body: SendMessage,
    caller: Caller,
    db: Db,
    group_commit: Annotated[GroupCommit, Depends(_group_commit)],
    rates: RateLimitsDep,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Send a message. With a `client_id` (or an `Idempotency-Key`) it is safe to repeat."""
    if body.client_id is None and key is not None:
        body.client_id = as_client_id(key)
    await admit(db.settings, rates, caller, body.conversation, body)
    sent = await group_commit.send(caller, body.conversation, body)
    if (message := sent.rendered) is None:
        async with db.snapshot() as tx:
            message = await load_message(tx, body.conversation, sent.message_id, viewer=caller.require_user())
    return JsonResponse(message, 201) if sent.is_new else replayed_response(200, message)


router.add_api_route(
    "/",
    send_message,
    methods=["POST"],
    route_class_override=JsonOrMultipartRoute,
    operation_id="send_message",
    status_code=201,
    response_model=MessageOut,
    responses={
        200: {"model": MessageOut, "description": "This client_id was used before."},
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
    """Mark exactly these messages as read. If the caller cannot see one of them, none is marked."""
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
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed, MessageDeletedError, LimitReached, 422),
)
async def edit_message(message_id: UUID, body: EditMessage, caller: Caller, db: Db, rates: RateLimitsDep) -> Response:
    """Change the content of the caller's own message."""
    async with db.transaction() as tx:
        await _count_as_message(tx, rates, caller, message_id)
        membership = await operations.edit(tx, caller, message_id, body.content)
        message = await load_message(tx, membership.conversation.id, message_id, viewer=caller.require_user())
    return JsonResponse(message)


@router.post(
    "/{message_id}/delete/",
    operation_id="delete_message",
    response_model=MessageOut,
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed),
)
async def delete_message(message_id: UUID, caller: Caller, db: Db, rates: RateLimitsDep) -> Response:
    """Delete a message: the caller's own or, as moderator, another user's. It stays as a tombstone."""
    async with db.transaction() as tx:
        await _count_as_message(tx, rates, caller, message_id)
        membership = await operations.delete(tx, caller, message_id)
        message = await load_message(tx, membership.conversation.id, message_id, viewer=caller.user_id or "")
    return JsonResponse(message)


@router.post(
    "/{message_id}/react/",
    operation_id="react_to_message",
    response_model=ReactionResult,
    responses=problem_responses(401, 403, Forbidden, 404, ConversationClosed, MessageDeletedError, LimitReached, 422),
)
async def react_to_message(
    message_id: UUID, body: ReactToMessage, caller: Caller, db: Db, rates: RateLimitsDep
) -> Response:
    """Toggle a reaction, or add or remove it (`action`)."""
    async with db.transaction() as tx:
        await _count_as_message(tx, rates, caller, message_id)
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
    """List the users who read a message, and when."""
    caller.require_user()
    async with db.snapshot() as tx:
        conversation_id = await conversation_of_message(tx, caller, message_id)
        membership = await access.authorize(tx, caller, conversation_id)
        return JsonResponse({"results": await read_receipts.receipts_shown_to(tx, membership, message_id)})


async def _count_as_message(tx: Tx, rates: RateLimits, caller: Actor, message_id: UUID) -> None:
    """Count a change that every member receives against the rate of messages in the conversation.

    Raises:
        NotFound: no such message for the caller.
        RateLimited: the caller has sent or changed too many messages in the conversation.
    """
    conversation_id = await conversation_of_message(tx, caller, message_id)
    if caller.user_id is not None:  # other callers are refused by the operation
        await rates.count_message(caller, conversation_id)


async def _load(tx: Tx, caller: Actor, message_id: UUID) -> dict[str, object]:
    conversation_id = await conversation_of_message(tx, caller, message_id)
    await access.authorize(tx, caller, conversation_id)
    return await load_message(tx, conversation_id, message_id, viewer=caller.require_user())
