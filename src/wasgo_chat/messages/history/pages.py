"""Pages of messages: of one conversation by seq, or of all the caller's conversations by time."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, true, tuple_

from wasgo_chat.core.encoding import keyed_hash
from wasgo_chat.core.errors import Invalid
from wasgo_chat.database.session import Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.lookups import MembershipHead
from wasgo_chat.membership.models import Participant
from wasgo_chat.membership.roles import Action
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.rendering import message_select, render_messages
from wasgo_chat.settings.config import Settings


@dataclass(frozen=True, slots=True)
class MessageFilters:
    """The filters of a list of messages."""

    conversation: UUID | None = None
    before_seq: int | None = None
    after_seq: int | None = None
    around_seq: int | None = None
    sender: str | None = None
    message_type: str | None = None

    def list_key(self) -> list[Any]:
        """The key of this list; its cursors are valid for no other."""
        return ["messages", self.conversation, self.before_seq, self.after_seq, self.around_seq, self.sender,
                self.message_type]  # fmt: skip

    def newest_page(self, settings: Settings, limit: int, cursor: str | None) -> PageRequest | None:
        """The page, if `newest_page.fetch_newest_page` can fetch it; None if the filters need `fetch_page`.

        Raises:
            Invalid: a cursor of another list.
        """
        if (self.after_seq, self.around_seq, self.sender, self.message_type) != (None, None, None, None):
            return None
        page = PageRequest.parse(settings, self.list_key(), limit, cursor)
        return None if page.is_backward else page


def page_headers(
    settings: Settings, actor: Actor, filters: MessageFilters, *, limit: int, cursor: str | None, head: MembershipHead
) -> dict[str, str]:
    """`ETag` and `Cache-Control` of a page (RFC 9110, 8.8.3; RFC 9111, 5.2.2.4).

    Every change of a message is an event, so the epoch and head of the log identify the state of the page. Attachment
    links and user names change without an event; the tag changes once per lifetime of the links, to renew them.
    """
    period = int(time.time()) // settings.attachment_url_ttl_s
    listing = [*filters.list_key(), limit, cursor, head.last_seq, head.epoch, actor.user_id, period]
    tag = keyed_hash(settings.hash_key(), listing).hex()[:24]
    return {"ETag": f'W/"{tag}"', "Cache-Control": "private, no-cache"}


async def fetch_page(
    tx: Tx, actor: Actor, filters: MessageFilters, *, limit: int, cursor: str | None
) -> dict[str, Any]:
    """A page of messages, newest first (with `after_seq` oldest first).

    Raises:
        NotFound: no such conversation for the caller.
        Invalid: filters that contradict each other, or a cursor of another list.
    """
    page = PageRequest.parse(tx.settings, filters.list_key(), limit, cursor)
    if filters.conversation is None:
        if (filters.before_seq, filters.after_seq, filters.around_seq) != (None, None, None):
            message = "before_seq, after_seq and around_seq need a conversation"
            raise Invalid.field(["query", "conversation"], "missing", message)
        return await _across_conversations(tx, actor, filters, page)
    if filters.around_seq is not None and (filters.before_seq is not None or filters.after_seq is not None):
        raise Invalid.field(["query", "around_seq"], "conflict", "cannot be combined with before_seq or after_seq")
    membership = await access.authorize(tx, actor, filters.conversation)
    membership.require(Action.READ)
    if filters.around_seq is not None and page.key is None:
        messages = await _around(tx, actor, filters, page)
    else:
        messages = await _in_order(tx, actor, filters, page)
    return {**messages, "last_seq": membership.conversation.last_seq}


async def _in_order(tx: Tx, actor: Actor, filters: MessageFilters, page: PageRequest) -> dict[str, Any]:
    ascending = (filters.after_seq is not None) != page.is_backward
    statement = _apply_filters(message_select(), filters).where(Message.conversation_id == filters.conversation)
    if filters.before_seq is not None:
        statement = statement.where(Message.seq < filters.before_seq)
    if filters.after_seq is not None:
        statement = statement.where(Message.seq > filters.after_seq)
    if page.key is not None:
        statement = statement.where(Message.seq > page.key[0] if ascending else Message.seq < page.key[0])
    statement = statement.order_by(Message.seq.asc() if ascending else Message.seq.desc()).limit(page.limit + 1)
    rows, cursors = page.build_page((await tx.execute(statement)).all(), lambda row: [row.seq])
    return {"results": await render_messages(tx, rows, viewer=actor.require_user()), **cursors}


async def _around(tx: Tx, actor: Actor, filters: MessageFilters, page: PageRequest) -> dict[str, Any]:
    """Half a page after a seq, and the rest of the page up to and including it; newest first."""
    half = page.limit // 2
    base = _apply_filters(message_select(), filters).where(Message.conversation_id == filters.conversation)
    newer = base.where(Message.seq > filters.around_seq).order_by(Message.seq).limit(half + 1)
    newer_rows = list((await tx.execute(newer)).all())
    has_newer = len(newer_rows) > half
    newer_half = list(reversed(newer_rows[:half]))
    older = base.where(Message.seq <= filters.around_seq).order_by(Message.seq.desc())
    older_rows = list((await tx.execute(older.limit(page.limit - len(newer_half) + 1))).all())
    has_older = len(older_rows) > page.limit - len(newer_half)
    rows = newer_half + older_rows[: page.limit - len(newer_half)]
    return {
        "results": await render_messages(tx, rows, viewer=actor.require_user()),
        "next": page.cursor("n", [rows[-1].seq]) if has_older else None,
        "previous": page.cursor("p", [rows[0].seq]) if rows and has_newer else None,
    }


async def _across_conversations(tx: Tx, actor: Actor, filters: MessageFilters, page: PageRequest) -> dict[str, Any]:
    """The newest messages of each conversation, merged: at most one page of each can be on this page."""
    key = tuple_(Message.created_at, Message.id)
    order = (Message.created_at.asc(), Message.id.asc()) if page.is_backward else (
        Message.created_at.desc(), Message.id.desc())  # fmt: skip
    newest = _apply_filters(select(Message.id), filters).where(Message.conversation_id == Participant.conversation_id)
    if page.key is not None:
        bound = (datetime.fromisoformat(page.key[0]), UUID(page.key[1]))
        newest = newest.where(key > bound if page.is_backward else key < bound)
    newest = newest.order_by(Message.seq.asc() if page.is_backward else Message.seq.desc()).limit(page.limit + 1)
    candidates = newest.correlate(Participant).lateral("candidates")
    merged = (
        select(Participant.conversation_id, candidates.c.id)
        .join(candidates, true())
        .where(Participant.user_id == actor.require_user(), Participant.left_seq.is_(None))
        .subquery()
    )
    statement = (
        message_select()
        .join(merged, (merged.c.conversation_id == Message.conversation_id) & (merged.c.id == Message.id))
        .order_by(*order)
        .limit(page.limit + 1)
    )
    rows, cursors = page.build_page(
        (await tx.execute(statement)).all(), lambda row: [row.created_at.isoformat(), str(row.id)]
    )
    return {"results": await render_messages(tx, rows, viewer=actor.require_user()), **cursors}


def _apply_filters(statement: Select[Any], filters: MessageFilters) -> Select[Any]:
    if filters.sender is not None:
        statement = statement.where(Message.sender_id == filters.sender)
    if filters.message_type is not None:
        statement = statement.where(Message.message_type == filters.message_type)
    return statement
