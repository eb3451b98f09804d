"""`list_messages` of one conversation by `http.fast_path`: the page that every client loads, and asks after again."""

import re
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from wasgo_chat.core.errors import NotFound
from wasgo_chat.database.read_your_writes import ReadSession
from wasgo_chat.http.dependencies import authenticate
from wasgo_chat.http.pagination import DEFAULT_LIMIT, MAX_LIMIT
from wasgo_chat.membership.lookups import PendingJoin
from wasgo_chat.messages.context import messages_context
from wasgo_chat.messages.history.pages import MessageFilters
from wasgo_chat.messages.history.responses import page_response

PATH = "/chat/messages/"

# Each parameter once, written as clients write it.
_FORMS = {
    "conversation": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "limit": re.compile(r"[1-9][0-9]{0,2}"),
    "before_seq": re.compile(r"[1-9][0-9]{0,14}"),
}


async def list_messages(request: Request) -> Response | None:
    """The newest page of a conversation, or that before a seq; None for every other list.

    Raises:
        ChatError: as the route.
    """
    asked = _parse_query(request.scope["query_string"])
    if asked is None or "x-act-as" in request.headers:
        return None
    conversation_id, limit, before_seq = asked
    worker = messages_context(request)
    entering = PendingJoin(worker.users_and_memberships, conversation_id)
    actor = await authenticate(request, entering.find_user)
    if not entering.is_found:
        return None
    if entering.membership is None:
        raise NotFound
    filters = MessageFilters(conversation_id, before_seq=before_seq)
    reading = ReadSession(worker.replicas, None)
    seen = request.headers.get("if-none-match")
    return await page_response(
        worker.settings,
        worker.newest_pages,
        reading,
        actor,
        filters,
        limit=limit,
        cursor=None,
        last_seq=entering.membership.last_seq,
        seen=seen,
    )


def _parse_query(query: bytes) -> tuple[UUID, int, int | None] | None:
    found: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        form = _FORMS.get(name)
        if form is None or name in found or not form.fullmatch(value):
            return None
        found[name] = value
    limit = int(found.get("limit", DEFAULT_LIMIT))
    if "conversation" not in found or limit > MAX_LIMIT:
        return None
    before_seq = found.get("before_seq")
    return UUID(found["conversation"]), limit, None if before_seq is None else int(before_seq)
