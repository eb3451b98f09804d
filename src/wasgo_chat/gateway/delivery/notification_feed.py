"""The feed of `ws/notifications/`: unread counts, conversations, presence and notifications of a user.

Everything except presence and notifications is found by comparison: what the connection was sent last with what the
database holds now. A lost signal only delays a frame until the next full sync.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import bindparam, text
from sqlalchemy.types import ARRAY, Uuid

from wasgo_chat.conversations.rendering import render_conversations
from wasgo_chat.core.close_codes import CloseCode
from wasgo_chat.core.encoding import encode
from wasgo_chat.core.errors import ChatError
from wasgo_chat.core.tasks import forever
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events.ranges import SeqRange
from wasgo_chat.gateway.frames.framing import frame_type
from wasgo_chat.gateway.send_buffer import SendBuffer
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.membership.acquaintance import acquainted_viewers
from wasgo_chat.messages import read_receipts
from wasgo_chat.notifications.listing import notifications_in_ranges
from wasgo_chat.presence.operations import last_seen
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

BATCHING_DELAY_S = 0.1
FULL_SYNC_S = 10.0

# The hash covers what `conversation_updated` shows: 2,000 titles and metadata need not be transferred each time.
_STATES = """
SELECT p.conversation_id, md5(concat_ws('|', c.title, c.status, c.metadata, c.settings)) AS core
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.user_id = :user_id AND p.left_seq IS NULL AND (:every OR p.conversation_id = ANY(:ids))
"""


class FeedSocket(Protocol):
    """What the feed needs of the session of a notification connection."""

    actor: Actor
    user_id: str
    buffer: SendBuffer

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection after the current frame."""


@dataclass(eq=False, slots=True)
class SentState:
    """What one connection was sent last: the hash of each conversation, and its unread count if there is one."""

    socket: FeedSocket
    cores: dict[UUID, str] = field(default_factory=dict)
    unread: dict[UUID, int] = field(default_factory=dict)
    is_fresh: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class NotificationFeed:
    """The notification connections of a worker, by user."""

    def __init__(self, db: Database, counts: WorkerCounters | None = None) -> None:
        self._db = db
        self._counts = counts or WorkerCounters()
        self._states: dict[str, set[SentState]] = defaultdict(set)
        self._changed: set[UUID] = set()
        self._created: list[SeqRange] = []
        self._woken = asyncio.Event()

    def add(self, socket: FeedSocket) -> SentState:
        """Add a connection. Its first frames come with `sync`."""
        state = SentState(socket)
        self._states[socket.user_id].add(state)
        return state

    def remove(self, state: SentState) -> None:
        """Remove a connection."""
        states_of_user = self._states[state.socket.user_id]
        states_of_user.discard(state)
        if not states_of_user:
            del self._states[state.socket.user_id]

    def mark_changed(self, conversation_ids: Collection[UUID]) -> None:
        """These conversations have changed, on this worker or another."""
        if self._states:
            self._changed.update(conversation_ids)
            self._woken.set()

    def notifications_created(self, ranges: Sequence[SeqRange]) -> None:
        """There are new notifications of events in these ranges, created by this worker or another."""
        if self._states:
            self._created += ranges
            self._woken.set()

    def push(self, user_id: str, data: bytes) -> None:
        """Send an encoded frame to the connections of a user."""
        states_of_user = self._states.get(user_id, ())
        for state in states_of_user:
            if not state.socket.buffer.put(data):
                state.socket.end(CloseCode.TOO_SLOW, "too many unsent bytes; reconnect")
        self._counts.frames_out[frame_type(data)] += len(states_of_user)

    async def sync(self, state: SentState, changed: Collection[UUID] | None = None) -> None:
        """Compare one connection with the database and send the differences, of some conversations or of all.

        Raises:
            Unavailable: the database does not answer.
        """
        async with state.lock:
            await self._sync(state, changed)

    async def presence_changed(self, user_id: str, *, is_online: bool) -> None:
        """Send `presence` of a user who went online or offline to those who are acquainted with them."""
        others = [other for other in self._states if other != user_id]
        if not others:
            return
        async with self._db.snapshot() as tx:
            receivers = await acquainted_viewers(tx, user_id, others)
            seen = await last_seen(tx, [user_id])
        frame = encode({"type": "presence", "user_id": user_id, "online": is_online, "last_seen": seen.get(user_id)})
        for receiver in receivers - {user_id}:
            self.push(receiver, frame)

    async def run(self) -> None:
        """Send what has changed after a short delay, and compare every connection at intervals."""
        loop = asyncio.get_running_loop()
        next_full_sync = loop.time() + FULL_SYNC_S

        async def step() -> None:
            nonlocal next_full_sync
            await asyncio.sleep(BATCHING_DELAY_S)  # a burst of messages is one change of counts
            self._woken.clear()
            await self._send_changes()
            if loop.time() >= next_full_sync:
                try:
                    await self._full_sync()
                finally:
                    next_full_sync = loop.time() + FULL_SYNC_S

        def seconds_left() -> float:
            return max(0.01, next_full_sync - loop.time())

        await forever(step, failure="feed_sync_failed", every_s=seconds_left, wake=self._woken)

    async def _full_sync(self) -> None:
        """Compare every connection, so that nothing that was lost stays unsent."""
        for state in [state for states_of_user in self._states.values() for state in states_of_user]:
            await self._sync_or_log(state, None)
            await self._send_changes()  # a long full sync must not delay them

    async def _send_changes(self) -> None:
        await self._sync_changed()
        await self._send_notifications()

    async def _sync_changed(self) -> None:
        changed, self._changed = self._changed, set()
        if not changed or not self._states:
            return
        async with self._db.snapshot() as tx:
            by_user = await access.memberships_of_users(tx, changed, list(self._states))
        for user_id, conversation_ids in by_user.items():
            for state in tuple(self._states.get(user_id, ())):
                await self._sync_or_log(state, conversation_ids)

    async def _send_notifications(self) -> None:
        ranges, self._created = self._created, []
        if not ranges or not self._states:
            return
        async with self._db.snapshot() as tx:
            notifications = await notifications_in_ranges(tx, ranges, list(self._states))
        for user_id, notification in notifications:
            self.push(user_id, encode({"type": "notification", "notification": notification}))

    async def _sync_or_log(self, state: SentState, changed: Collection[UUID] | None) -> None:
        """Sync one connection; its error does not affect the others."""
        try:
            await self.sync(state, changed)
        except ChatError as error:
            log.warning("feed_sync_failed", error=error.code)
        except Exception:
            log.exception("feed_sync_failed")

    async def _sync(self, state: SentState, changed: Collection[UUID] | None) -> None:
        """`changed` are the conversations to compare; None compares all, which also finds new ones."""
        is_full = changed is None
        socket, ids = state.socket, set(changed or ())
        sent_cores = {key: core for key, core in state.cores.items() if is_full or key in ids}
        async with self._db.snapshot() as tx:
            cores = await _load_cores(tx, socket.user_id, None if is_full else ids)
            unread = await read_receipts.unread_counts(tx, socket.user_id, None if is_full else list(ids))
            added = [] if state.is_fresh else [key for key in cores if key not in sent_cores]
            updated = [key for key, core in cores.items() if key in sent_cores and sent_cores[key] != core]
            rendered = await _render(tx, socket.actor, [*added, *updated])
        frames = [
            *_conversation_frames("conversation_added", added, rendered),
            *_conversation_frames("conversation_updated", updated, rendered),
            *({"type": "conversation_removed", "conversation_id": key} for key in sent_cores if key not in cores),
        ]
        state.cores = {key: core for key, core in state.cores.items() if key not in sent_cores} | cores
        counts = unread if is_full else {key: n for key, n in state.unread.items() if key not in ids} | unread
        if state.is_fresh or counts != state.unread:
            frames.append(_unread_counts_frame(counts))
        state.unread, state.is_fresh = counts, False
        self._write(socket, frames)

    def _write(self, socket: FeedSocket, frames: Sequence[dict[str, Any]]) -> None:
        self._counts.frames_out.update([frame["type"] for frame in frames])
        if not all([socket.buffer.put(encode(frame)) for frame in frames]):  # noqa: C419  write all, then check
            socket.end(CloseCode.TOO_SLOW, "too many unsent bytes; reconnect")


async def _load_cores(tx: Tx, user_id: str, ids: Collection[UUID] | None) -> dict[UUID, str]:
    """The hash of each conversation of a user, or of these."""
    params = {"user_id": user_id, "every": ids is None, "ids": list(ids or ())}
    rows = await tx.execute(text(_STATES).bindparams(bindparam("ids", type_=ARRAY(Uuid))), params)
    return {row.conversation_id: row.core for row in rows}


async def _render(tx: Tx, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    if not ids:
        return {}
    memberships = await access.memberships_in(tx, actor, ids)
    conversations = await render_conversations(tx, list(memberships.values()), in_list=True)
    return {conversation["id"]: conversation for conversation in conversations}


def _conversation_frames(
    frame_type: str, ids: Sequence[UUID], rendered: dict[UUID, dict[str, Any]]
) -> list[dict[str, Any]]:
    return [{"type": frame_type, "conversation": rendered[key]} for key in ids if key in rendered]


def _unread_counts_frame(counts: dict[UUID, int]) -> dict[str, Any]:
    by_id = {str(key): count for key, count in counts.items()}
    return {"type": "unread_counts", "total": sum(counts.values()), "conversations": by_id}
