"""The response with a page of one conversation: not modified, the newest page, or any other page."""

from starlette.responses import Response

from wasgo_chat.core.encoding import JsonResponse
from wasgo_chat.database.pinned import PinnedPool
from wasgo_chat.database.read_your_writes import ReadSession
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.messages.history.newest_page import fetch_newest_page
from wasgo_chat.messages.history.pages import MessageFilters, fetch_page, page_headers
from wasgo_chat.settings.config import Settings


async def page_response(
    settings: Settings,
    pages: PinnedPool,
    reading: ReadSession,
    actor: Actor,
    filters: MessageFilters,
    *,
    limit: int,
    cursor: str | None,
    head: MembershipHead,
    if_none_match: str | None,
) -> Response:
    """A page of messages for a member.

    Args:
        settings: the settings of the service.
        pages: connections for the newest page.
        reading: the read session, for any other page.
        actor: the member.
        filters: the filters, with a conversation.
        limit: the most messages on the page.
        cursor: the start of the page.
        head: the membership, with the head and the epoch of the log.
        if_none_match: the header of the request.

    Raises:
        As in `fetch_page`.
    """
    headers = page_headers(settings, actor, filters, limit=limit, cursor=cursor, head=head)
    if headers["ETag"] in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    # `fetch_newest_page` reads from the primary: with replicas, use it only for the newest page, which they may lack.
    from_primary = not reading.may_use_replica or (filters.before_seq is None and cursor is None)
    if (
        from_primary
        and filters.conversation is not None
        and (page := filters.newest_page(settings, limit, cursor)) is not None
    ):
        messages = await fetch_newest_page(
            pages, filters.conversation, actor.require_user(), before_seq=filters.before_seq, page=page
        )
        if messages is not None:
            return JsonResponse({**messages, "last_seq": head.last_seq, "epoch": head.epoch}, headers=headers)
    messages = await reading.read_at_least(
        head.last_seq, lambda tx: fetch_page(tx, actor, filters, limit=limit, cursor=cursor)
    )
    return JsonResponse({**messages, "epoch": head.epoch}, headers=headers)
