"""`list_messages` of one conversation for `http.fast_path`: the pages that clients load most often."""

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
MESSAGES_PER_READ = 50
"""How many messages of a page cost as much as one request."""

# Accepted parameters, each at most once and in the canonical form; every other query takes the ordinary route.
_PATTERNS = {
    "conversation": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "limit": re.compile(r"[1-9][0-9]{0,2}"),
    "before_seq": re.compile(r"[1-9][0-9]{0,14}"),
}


async def list_messages(request: Request) -> Response | None:
    """The newest page of a conversation, or the page before a seq; None if the ordinary route must handle the request.

    Raises:
        ChatError: as in the route.
    """
    query = _parse_query(request.scope["query_string"])
    if query is None or "x-act-as" in request.headers:
        return None
    conversation_id, limit, before_seq = query
    worker = messages_context(request)
    lookup = PendingJoin(worker.users_and_memberships, conversation_id)
    actor = await authenticate(request, lookup.find_user, cost=1.0 + limit / MESSAGES_PER_READ)
    if not lookup.is_found:
        return None
    if lookup.membership is None:
        raise NotFound
    filters = MessageFilters(conversation_id, before_seq=before_seq)
    reading = ReadSession(worker.replicas, None)
    return await page_response(
        worker.settings,
        worker.newest_pages,
        reading,
        actor,
        filters,
        limit=limit,
        cursor=None,
        head=lookup.membership,
        if_none_match=request.headers.get("if-none-match"),
    )


def _parse_query(query: bytes) -> tuple[UUID, int, int | None] | None:
    parameters: dict[str, str] = {}
    for part in query.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        pattern = _PATTERNS.get(name)
        if pattern is None or name in parameters or not pattern.fullmatch(value):
            return None
        parameters[name] = value
    limit = int(parameters.get("limit", DEFAULT_LIMIT))
    if "conversation" not in parameters or limit > MAX_LIMIT:
        return None
    before_seq = parameters.get("before_seq")
    return UUID(parameters["conversation"]), limit, None if before_seq is None else int(before_seq)
