"""HTTP routes of operators: any conversation, dead deliveries, current metrics. For staff users only."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as PathParameter
from pydantic import StringConstraints

from wasgo_chat.conversation_types import ConversationTypeName
from wasgo_chat.core.encoding import ExternalId, JsonResponse, SingleLine, UserId
from wasgo_chat.http.dependencies import Cursor, Db, Limit
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.membership.schemas import Status
from wasgo_chat.notifications.channels import ChannelName
from wasgo_chat.notifications.delivery import queue
from wasgo_chat.notifications.schemas import DeliveryOut, DeliveryPage
from wasgo_chat.observability.context import observability_context
from wasgo_chat.operators import consumers, conversations, dead_deliveries, metrics
from wasgo_chat.operators.access import Staff, StaffRequired
from wasgo_chat.operators.schemas import (
    ConsumersOut,
    DeadKinds,
    ErrorWord,
    FiguresOut,
    InspectedConversationDetail,
    InspectedConversationPage,
    InspectedMessage,
    InspectedMessagePage,
    ParkedEvents,
    RetriedDeliveries,
    RetriedEvents,
    RetryDeliveries,
)

router = APIRouter(prefix="/chat/operators", tags=["operators"])

ConsumerName = Annotated[SingleLine, PathParameter(max_length=64, description="The name of a consumer.")]

Words = Annotated[
    SingleLine,
    StringConstraints(max_length=200, pattern=r"[^\W_]"),
    Query(description="Words of the title, or their prefixes, in any order."),
]


@router.get(
    "/conversations/",
    operation_id="inspect_conversations",
    response_model=InspectedConversationPage,
    responses=problem_responses(401, 403, StaffRequired, 422),
)
async def inspect_conversations(
    staff: Staff,
    db: Db,
    conversation_type: ConversationTypeName | None = None,
    status: Status | None = None,
    reference_type: Annotated[SingleLine | None, Query(max_length=64)] = None,
    reference_id: ExternalId | None = None,
    participant: Annotated[UserId | None, Query(description="A current or former participant.")] = None,
    title: Words | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List the conversations of all users, newest first. Recorded in the audit log."""
    filters = conversations.ConversationFilters(
        conversation_type, status, reference_type, reference_id, participant, title
    )
    async with db.transaction() as tx:
        response = await conversations.list_conversations(tx, staff, filters, limit=limit, cursor=cursor)
    return JsonResponse(response)


@router.get(
    "/conversations/{conversation_id}/",
    operation_id="inspect_conversation",
    response_model=InspectedConversationDetail,
    responses=problem_responses(401, 403, StaffRequired, 404),
)
async def inspect_conversation(conversation_id: UUID, staff: Staff, db: Db) -> Response:
    """Get any conversation, with its current and former participants. Recorded in the audit log."""
    async with db.transaction() as tx:
        response = await conversations.inspect(tx, staff, conversation_id)
    return JsonResponse(response)


@router.get(
    "/conversations/{conversation_id}/messages/",
    operation_id="inspect_messages",
    response_model=InspectedMessagePage,
    responses=problem_responses(401, 403, StaffRequired, 404, 422),
)
async def inspect_messages(
    conversation_id: UUID, staff: Staff, db: Db, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """List the messages of any conversation, newest first. Recorded in the audit log."""
    async with db.transaction() as tx:
        response = await conversations.list_messages(tx, staff, conversation_id, limit=limit, cursor=cursor)
    return JsonResponse(response)


@router.get(
    "/messages/{message_id}/",
    operation_id="inspect_message",
    response_model=InspectedMessage,
    responses=problem_responses(401, 403, StaffRequired, 404),
)
async def inspect_message(message_id: UUID, staff: Staff, db: Db) -> Response:
    """Get any message with its revisions and read receipts. Recorded in the audit log."""
    async with db.transaction() as tx:
        response = await conversations.inspect_message(tx, staff, message_id)
    return JsonResponse(response)


@router.get(
    "/deliveries/",
    operation_id="list_dead_letters",
    response_model=DeliveryPage,
    responses=problem_responses(401, 403, StaffRequired, 422),
)
async def list_dead_letters(
    staff: Staff,
    db: Db,
    channel: ChannelName | None = None,
    error: Annotated[ErrorWord | None, Query(description="The reason, as returned by `/deliveries/kinds/`.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """List deliveries that are not retried automatically, newest first."""
    async with db.snapshot() as tx:
        filters = {"channel": channel, "error": error}
        return JsonResponse(await queue.list_deliveries(tx, state="dead", limit=limit, cursor=cursor, **filters))


@router.get(
    "/deliveries/kinds/",
    operation_id="list_dead_letter_kinds",
    response_model=DeadKinds,
    responses=problem_responses(401, 403, StaffRequired),
)
async def list_dead_letter_kinds(staff: Staff, db: Db) -> Response:
    """Count the dead deliveries by channel and reason."""
    async with db.snapshot() as tx:
        return JsonResponse(await dead_deliveries.by_reason(tx))


@router.post(
    "/deliveries/retry/",
    operation_id="retry_dead_letters",
    response_model=RetriedDeliveries,
    responses=problem_responses(401, 403, StaffRequired, 422),
)
async def retry_dead_letters(body: RetryDeliveries, staff: Staff, db: Db) -> Response:
    """Retry dead deliveries by channel and reason, oldest first, at most 1,000. Repeat the request for the rest."""
    async with db.transaction() as tx:
        response = await dead_deliveries.retry_all(tx, staff, channel=body.channel, error=body.error)
    return JsonResponse(response)


@router.post(
    "/deliveries/{delivery_id}/retry/",
    operation_id="retry_dead_letter",
    response_model=DeliveryOut,
    responses=problem_responses(401, 403, StaffRequired, 404),
)
async def retry_dead_letter(delivery_id: UUID, staff: Staff, db: Db) -> Response:
    """Retry a dead delivery. Whether it is still sent is decided then. No effect if it is not dead."""
    async with db.transaction() as tx:
        response = await dead_deliveries.retry(tx, staff, delivery_id)
    return JsonResponse(response)


@router.get(
    "/consumers/",
    operation_id="list_consumers",
    response_model=ConsumersOut,
    responses=problem_responses(401, 403, StaffRequired),
)
async def list_consumers(request: Request, staff: Staff, db: Db) -> Response:
    """List the consumers of the feed, with the events that they have not processed."""
    async with db.snapshot() as tx:
        return JsonResponse(await consumers.list_consumers(tx, observability_context(request).consumer_names))


@router.get(
    "/consumers/{name}/parked/",
    operation_id="list_parked_events",
    response_model=ParkedEvents,
    responses=problem_responses(401, 403, StaffRequired, 404, 422),
)
async def list_parked_events(request: Request, name: ConsumerName, staff: Staff, db: Db) -> Response:
    """List the events that a consumer could not process. They are retried automatically, with increasing delays."""
    async with db.snapshot() as tx:
        return JsonResponse(await consumers.list_parked(tx, observability_context(request).consumer_names, name))


@router.post(
    "/consumers/{name}/parked/retry/",
    operation_id="retry_parked_events",
    response_model=RetriedEvents,
    responses=problem_responses(401, 403, StaffRequired, 404, 422),
)
async def retry_parked_events(request: Request, name: ConsumerName, staff: Staff, db: Db) -> Response:
    """Retry all parked events of a consumer now. Recorded in the audit log."""
    names = observability_context(request).consumer_names
    async with db.transaction() as tx:
        response = await consumers.retry_parked(tx, staff, names, name)
    return JsonResponse(response)


@router.get(
    "/figures/",
    operation_id="get_figures",
    response_model=FiguresOut,
    responses=problem_responses(401, 403, StaffRequired),
)
async def get_figures(request: Request, staff: Staff, db: Db) -> Response:
    """Get the current metrics of the service."""
    context = observability_context(request)
    return JsonResponse(await metrics.current_metrics(db, context.metrics, context.consumer_names))
