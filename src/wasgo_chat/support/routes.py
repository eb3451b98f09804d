"""Support: a user asks, the least busy of the staff joins as moderator, and the case can be handed on."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy import Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from wasgo_chat.conversations import participants
from wasgo_chat.conversations.rendering import load_conversation
from wasgo_chat.conversations.schemas import ConversationOut
from wasgo_chat.core.encoding import JsonResponse, RequestModel, SingleLine, Title, UserId
from wasgo_chat.core.encoding import Text as CleanText
from wasgo_chat.core.errors import Conflict, Forbidden
from wasgo_chat.database.session import Tx
from wasgo_chat.http.dependencies import Caller, Db, IdempotencyKeyHeader, RateLimitsDep, rate_class, replayed_response
from wasgo_chat.http.idempotency import IdempotencyConflict, IdempotentRequest
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity import users
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.identity.erased_users import erased_among
from wasgo_chat.membership import access, create
from wasgo_chat.membership.access import Membership
from wasgo_chat.membership.create import ConversationTypeForbidden
from wasgo_chat.membership.schemas import CreateConversation
from wasgo_chat.messages.schemas import MessageContent
from wasgo_chat.messages.verbs import check_message, send

router = APIRouter(prefix="/chat/conversations", tags=["support"])

# One at a time: of two that count at once both would choose the same person.
_ASSIGNMENT_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('wasgo support assignment', 0))"

_LEAST_BUSY = """
SELECT u.id FROM users u
LEFT JOIN LATERAL (
    SELECT count(*) AS cases FROM participants p JOIN conversations c ON c.id = p.conversation_id
    WHERE p.user_id = u.id AND p.left_seq IS NULL AND p.role = 'moderator'
      AND c.conversation_type = 'support' AND c.status = 'open'
) busy ON true
WHERE u.erased_at IS NULL AND CASE WHEN cardinality(:configured) > 0 THEN u.id = ANY(:configured) ELSE u.is_staff END
  AND NOT u.id = ANY(:but) AND u.id = COALESCE(:only, u.id)
ORDER BY busy.cases, u.id LIMIT 1
"""


class NotSupportConversation(Conflict):
    """Only support conversations are assigned."""

    code, title = "not_support", "Only a support conversation has staff assigned"


class NoStaffAvailable(Conflict):
    """There is nobody else of the staff, or the one named is not of it."""

    code, title = "nobody_free", "There is nobody else of the staff to take this over"


class CreateSupportConversation(RequestModel):
    """What a user needs help with; `content` is a first message."""

    support_type: Annotated[SingleLine, Field(min_length=1, max_length=64)]
    title: Title = ""
    content: CleanText | None = None


class AssignStaff(RequestModel):
    """Who of the staff takes the case over; without a user the least busy of the others."""

    user_id: UserId | None = None


@router.post(
    "/create_support_conversation/",
    operation_id="create_support_conversation",
    status_code=201,
    response_model=ConversationOut,
    responses=problem_responses(401, 403, ConversationTypeForbidden, IdempotencyConflict, 422, 429),
)
@rate_class(None)
async def create_support_conversation(
    body: CreateSupportConversation, caller: Caller, db: Db, rates: RateLimitsDep, key: IdempotencyKeyHeader = None
) -> Response:
    """Ask for support. Who of the staff has the fewest open cases joins as moderator, or nobody if none is there."""
    first = MessageContent(content=body.content) if body.content is not None else None
    if first is not None:
        check_message(db.settings, first)
    await rates.count_message(caller.require_user(), "support")
    once = IdempotentRequest("create_support_conversation", key, caller, body.model_dump(mode="json"))
    async with db.transaction() as tx:
        if earlier := await once.previous_result(tx):
            return replayed_response(earlier[0], await load_conversation(tx, caller, earlier[1]))
        await tx.execute(text(_ASSIGNMENT_LOCK))
        staff = await _least_busy(tx, but=[caller.require_user()])
        conversation_id = await _create(tx, caller, body, staff)
        if first is not None:
            await send(tx, caller, conversation_id, first)
        await once.store(tx, 201, conversation_id)
        answer = await load_conversation(tx, caller, conversation_id)
    return JsonResponse(answer, 201)


@router.post(
    "/{conversation_id}/assign/",
    operation_id="assign_staff",
    response_model=ConversationOut,
    responses={
        204: {"description": "Handed on; the caller has left."},
        **problem_responses(401, 403, Forbidden, 404, NotSupportConversation, NoStaffAvailable, 422),
    },
)
async def assign_staff(conversation_id: UUID, body: AssignStaff, caller: Caller, db: Db) -> Response:
    """Hand a support case to somebody else of the staff (its moderator, or a service with chat:provision)."""
    if caller.is_service:
        caller.require_scope("chat:provision")
    async with db.transaction() as tx:
        _require_assigner(await access.authorize(tx, caller, conversation_id))
        erased = await erased_among(tx, tx.settings.support_staff)
        await users.upsert_users(tx, {user_id: {} for user_id in tx.settings.support_staff if user_id not in erased})
    async with db.transaction() as tx:
        await tx.execute(text(_ASSIGNMENT_LOCK))
        seat = await access.authorize(tx, caller, conversation_id, lock=True)
        _require_assigner(seat)
        present = await access.moderators(tx, conversation_id)
        chosen = await _least_busy(tx, but=[*present, seat.conversation.created_by or ""], only=body.user_id)
        if chosen is None:
            raise NoStaffAvailable
        await participants.reassign_moderator(tx, seat, chosen, instead_of=present)
        has_left = caller.user_id in present and caller.user_id != chosen
        answer = None if has_left else await load_conversation(tx, caller, conversation_id)
    return Response(status_code=204) if answer is None else JsonResponse(answer)


async def _create(tx: Tx, caller: Actor, body: CreateSupportConversation, staff: str | None) -> UUID:
    asked = CreateConversation.model_validate(
        {
            "conversation_type": "support",
            "title": body.title,
            "participants": [{"user_id": staff, "role": "moderator"}] if staff else [],
            "metadata": {"support_type": body.support_type},
        }
    )
    return (await create.create(tx, caller, asked)).conversation_id


async def _least_busy(tx: Tx, *, but: list[str], only: str | None = None) -> str | None:
    """Who of the staff has the fewest open cases; with `only` that one, where they are of the staff."""
    names = ARRAY(Text)
    statement = text(_LEAST_BUSY).bindparams(
        bindparam("configured", type_=names), bindparam("but", type_=names), bindparam("only", type_=Text)
    )
    given = {"configured": tx.settings.support_staff, "but": but, "only": only}
    found: str | None = (await tx.execute(statement, given)).scalar_one_or_none()
    return found


def _require_assigner(seat: Membership) -> None:
    if not seat.actor.is_service and seat.role != "moderator":
        raise Forbidden("Only who has the case hands it on")
    if seat.conversation.conversation_type != "support":
        raise NotSupportConversation
