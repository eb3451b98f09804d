"""Pages of messages: of one conversation by seq, or of all of the caller's by time."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, true, tuple_

from wasgo_chat.core.config import Settings
from wasgo_chat.core.encoding import keyed_hash
from wasgo_chat.core.errors import Invalid
from wasgo_chat.database.session import Tx
from wasgo_chat.http.pagination import PageRequest
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.access import Action
from wasgo_chat.membership.models import Participant
from wasgo_chat.messages.models import Message
from wasgo_chat.messages.rendering import message_select, render_messages


@dataclass(frozen=True, slots=True)
class MessageFilters:
    """What a page of messages is narrowed to."""

    conversation: UUID | None = None
    before_seq: int | None = None
    after_seq: int | None = None
    around_seq: int | None = None
    sender: str | None = None
    message_type: str | None = None

    def list_key(self) -> list[Any]:
        """The name of this list, for its cursors."""
        return ["messages", self.conversation, self.before_seq, self.after_seq, self.around_seq, self.sender,
                self.message_type]  # fmt: skip

    def newest_page(self, settings: Settings, limit: int, cursor: str | None) -> PageRequest | None:
        """The page as `newest` gives it, where these filters leave it to that.

        Raises:
            Invalid: a cursor of another list.
        """
        if (self.after_seq, self.around_seq, self.sender, self.message_type) != (None, None, None, None):
            return None
        page = PageRequest.parse(settings, self.list_key(), limit, cursor)
        return None if page.is_backward else page


def page_headers(
    settings: Settings, actor: Actor, filters: MessageFilters, *, limit: int, cursor: str | None, last_seq: int
) -> dict[str, str]:
    """The `ETag` of a page and how it may be kept (RFC 9110, 8.8.3; RFC 9111, 5.2.2.4).

    Every change of a message is an event, so the head of the log stands for the page. What is no event, the links of
    attachments and the names of people, is renewed with the period of the links.
    """
    period = int(time.time()) // settings.attachment_url_ttl_s
    listing = [*filters.list_key(), limit, cursor, last_seq, actor.user_id, period]
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
            raise Invalid.field(["query", "conversation"], "missing", "a seq means something in one conversation only")
        return await _across_conversations(tx, actor, filters, page)
    if filters.around_seq is not None and (filters.before_seq is not None or filters.after_seq is not None):
        raise Invalid.field(["query", "around_seq"], "conflict", "cannot be combined with before_seq or after_seq")
    seat = await access.authorize(tx, actor, filters.conversation)
    seat.require(Action.READ)
    if filters.around_seq is not None and page.key is None:
        answer = await _around(tx, actor, filters, page)
    else:
        answer = await _in_order(tx, actor, filters, page)
    return {**answer, "last_seq": seat.conversation.last_seq}


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
    """Half a page from before a seq, it and the other half from after; newest first."""
    half = page.limit // 2
    base = _apply_filters(message_select(), filters).where(Message.conversation_id == filters.conversation)
    newer = base.where(Message.seq > filters.around_seq).order_by(Message.seq).limit(half + 1)
    newer_rows = list((await tx.execute(newer)).all())
    more_newer = len(newer_rows) > half
    kept = list(reversed(newer_rows[:half]))
    older = base.where(Message.seq <= filters.around_seq).order_by(Message.seq.desc())
    older_rows = list((await tx.execute(older.limit(page.limit - len(kept) + 1))).all())
    more_older = len(older_rows) > page.limit - len(kept)
    rows = kept + older_rows[: page.limit - len(kept)]
    return {
        "results": await render_messages(tx, rows, viewer=actor.require_user()),
        "next": page.cursor("n", [rows[-1].seq]) if more_older else None,
        "previous": page.cursor("p", [rows[0].seq]) if rows and more_newer else None,
    }


async def _across_conversations(tx: Tx, actor: Actor, filters: MessageFilters, page: PageRequest) -> dict[str, Any]:
    """The newest of each conversation, merged: no more than a page from each can be on this page."""
    key = tuple_(Message.created_at, Message.id)
    order = (Message.created_at.asc(), Message.id.asc()) if page.is_backward else (
        Message.created_at.desc(), Message.id.desc())  # fmt: skip
    newest = _apply_filters(select(Message.id), filters).where(Message.conversation_id == Participant.conversation_id)
    if page.key is not None:
        bound = (datetime.fromisoformat(page.key[0]), UUID(page.key[1]))
        newest = newest.where(key > bound if page.is_backward else key < bound)
    newest = newest.order_by(Message.seq.asc() if page.is_backward else Message.seq.desc()).limit(page.limit + 1)
    candidates = newest.correlate(Participant).lateral("candidates")
    wanted = (
        select(Participant.conversation_id, candidates.c.id)
        .join(candidates, true())
        .where(Participant.user_id == actor.require_user(), Participant.left_seq.is_(None))
        .subquery()
    )
    statement = (
        message_select()
        .join(wanted, (wanted.c.conversation_id == Message.conversation_id) & (wanted.c.id == Message.id))
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
