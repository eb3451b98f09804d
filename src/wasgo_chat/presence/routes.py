"""The HTTP route of presence."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from wasgo_chat.core.encoding import JsonResponse, has_control_characters
from wasgo_chat.core.errors import Invalid
from wasgo_chat.feature import part_of
from wasgo_chat.http.dependencies import Caller, Db
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.membership.acquaintance import acquaintances
from wasgo_chat.presence import operations
from wasgo_chat.presence.schemas import PresencesOut
from wasgo_chat.presence.tracker import Presence

router = APIRouter(prefix="/chat/presence", tags=["presence"])

MAX_USERS = 100
MAX_USER_ID_CHARS = 128


@router.get("/", operation_id="list_presence", response_model=PresencesOut, responses=problem_responses(401, 403, 422))
async def list_presence(
    request: Request,
    caller: Caller,
    db: Db,
    user_ids: Annotated[
        str, Query(max_length=MAX_USERS * 129, description=f"User ids, separated by commas; at most {MAX_USERS}.")
    ],
) -> Response:
    """See who is online among people the caller is acquainted with: they share a conversation that the platform or the
    other one created, or in which the other one has written.
    """
    requested = list(dict.fromkeys(user_id for user_id in user_ids.split(",") if user_id))
    if not 0 < len(requested) <= MAX_USERS or not all(_is_user_id(user_id) for user_id in requested):
        raise Invalid.field(["query", "user_ids"], "user_ids", f"must be 1 to {MAX_USERS} ids, separated by commas")
    async with db.snapshot() as tx:
        visible = await acquaintances(tx, caller.require_user(), requested)
        seen = await operations.last_seen(tx, visible)
    online = await part_of(request, Presence).online(visible)
    results = [{"user_id": key, "online": key in online, "last_seen": seen.get(key)} for key in requested]
    return JsonResponse({"results": results})


def _is_user_id(text: str) -> bool:
    return len(text) <= MAX_USER_ID_CHARS and not has_control_characters(text, allowed="")
