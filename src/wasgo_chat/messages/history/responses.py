"""The answer with a page of one conversation: nothing new, the page that everybody loads, or any other."""

from starlette.responses import Response

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.database.driver import PinnedPool
from wasgo_chat.database.read_your_writes import ReadSession
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.messages.history.newest_page import fetch_newest_page
from wasgo_chat.messages.history.pages import MessageFilters, fetch_page, page_headers


async def page_response(
    settings: Settings,
    pages: PinnedPool,
    reading: ReadSession,
    actor: Actor,
    filters: MessageFilters,
    *,
    limit: int,
    cursor: str | None,
    last_seq: int,
    seen: str | None,
) -> Response:
    """A page for a member.

    Args:
        settings: of the service.
        pages: where the newest page is read, by one statement.
        reading: where any other page is.
        actor: who was found to be a member.
        filters: with a conversation.
        limit: messages at most.
        cursor: where the page begins.
        last_seq: the head that was read with the membership.
        seen: `If-None-Match` of the request.

    Raises:
        As `messages_of`.
    """
    headers = page_headers(settings, actor, filters, limit=limit, cursor=cursor, last_seq=last_seq)
    if headers["ETag"] in (seen or ""):
        return Response(status_code=304, headers=headers)
    # The short way asks the database itself: with standbys it is for the newest page, which they may not have yet.
    is_newest = not reading.may_use_replica or (filters.before_seq is None and cursor is None)
    if (
        is_newest
        and filters.conversation is not None
        and (page := filters.newest_page(settings, limit, cursor)) is not None
    ):
        answer = await fetch_newest_page(
            pages, filters.conversation, actor.require_user(), before_seq=filters.before_seq, page=page
        )
        if answer is not None:
            return JsonResponse({**answer, "last_seq": last_seq}, headers=headers)
    answer = await reading.read_at_least(
        last_seq, lambda tx: fetch_page(tx, actor, filters, limit=limit, cursor=cursor)
    )
    return JsonResponse(answer, headers=headers)
