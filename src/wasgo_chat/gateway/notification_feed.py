"""What `ws/notifications/` tells a user: counts, conversations that come, change and go, presence, notifications.

Everything but presence and notifications is found by comparing: what the user was told last with what the
database holds now. A lost touch only delays a frame until the next round.
"""

import asyncio
import contextlib
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
from wasgo_chat.database.session import Database, Tx
from wasgo_chat.events.offsets import SeqRange
from wasgo_chat.gateway.framing import frame_type
from wasgo_chat.identity.authentication import Actor
from wasgo_chat.membership import access
from wasgo_chat.messages import read_receipts
from wasgo_chat.notifications.listing import notifications_in_ranges
from wasgo_chat.presence.tracker import last_seen, users_sharing_conversation
from wasgo_chat.telemetry.counters import WorkerCounters

log = structlog.get_logger(__name__)

BATCHING_DELAY_S = 0.1
FULL_SYNC_S = 10.0

# The hash stands for what `conversation_updated` tells; 2,000 titles and metadata need not come over each time.
_STATES = """
SELECT p.conversation_id, md5(concat_ws('|', c.title, c.status, c.metadata, c.settings)) AS core
FROM participants p JOIN conversations c ON c.id = p.conversation_id
WHERE p.user_id = :user_id AND p.left_seq IS NULL AND (:every OR p.conversation_id = ANY(:ids))
"""


class FeedSocket(Protocol):
    """A notification socket, as far as the feed cares."""

    actor: Actor
    user_id: str

    def write(self, data: bytes) -> bool:
        """Queue a frame; False where too much is unsent already."""

    def end(self, code: CloseCode, reason: str = "") -> None:
        """Close soon."""


@dataclass(eq=False, slots=True)
class SentState:
    """What one socket was told last."""

    socket: FeedSocket
    cores: dict[UUID, str] = field(default_factory=dict)
    unread: dict[UUID, int] = field(default_factory=dict)
    is_fresh: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class NotificationFeed:
    """The notification sockets of a worker."""

    def __init__(self, db: Database, counts: WorkerCounters | None = None) -> None:
        self._db = db
        self._counts = counts or WorkerCounters()
        self._states: dict[str, set[SentState]] = defaultdict(set)
        self._changed: set[UUID] = set()
        self._notified: list[SeqRange] = []
        self._woken = asyncio.Event()

    def add(self, watcher: FeedSocket) -> SentState:
        """Take a socket on; its first counts come with `tell`."""
        told = SentState(watcher)
        self._states[watcher.user_id].add(told)
        return told

    def remove(self, told: SentState) -> None:
        """Forget a socket."""
        mine = self._states[told.socket.user_id]
        mine.discard(told)
        if not mine:
            del self._states[told.socket.user_id]

    def mark_changed(self, conversation_ids: Collection[UUID]) -> None:
        """Something happened in these conversations, here or on another worker."""
        if self._states:
            self._changed.update(conversation_ids)
            self._woken.set()

    def notified(self, spans: Sequence[SeqRange]) -> None:
        """Users were told of messages in these spans, here or on another worker."""
        if self._states:
            self._notified += spans
            self._woken.set()

    def push(self, user_id: str, data: bytes) -> None:
        """Tell a user's sockets something ready-made."""
        mine = self._states.get(user_id, ())
        for told in mine:
            if not told.socket.write(data):
                told.socket.end(CloseCode.TOO_SLOW, "too much is unsent; reconnect")
        self._counts.frames_out[frame_type(data)] += len(mine)

    async def sync(self, told: SentState, touched: Collection[UUID] | None = None) -> None:
        """Compare and tell one socket; of the touched conversations, or of all.

        Raises:
            Unavailable: the database does not answer.
        """
        async with told.lock:
            await self._sync(told, touched)

    async def _sync(self, told: SentState, touched: Collection[UUID] | None) -> None:
        watcher, ids = told.socket, list(touched or [])
        given = {"user_id": watcher.user_id, "every": touched is None, "ids": ids}
        async with self._db.snapshot() as tx:
            states = await tx.execute(text(_STATES).bindparams(bindparam("ids", type_=ARRAY(Uuid))), given)
            cores = {row.conversation_id: row.core for row in states}
            unread = await read_receipts.unread_counts(tx, watcher.user_id, None if touched is None else ids)
            known = {key: core for key, core in told.cores.items() if touched is None or key in touched}
            added = [] if told.is_fresh else [key for key in cores if key not in known]
            changed = [key for key, core in cores.items() if key in known and known[key] != core]
            shapes = await _shapes(tx, watcher.actor, [*added, *changed])
        frames: list[dict[str, Any]] = []
        frames += [{"type": "conversation_added", "conversation": shapes[key]} for key in added if key in shapes]
        frames += [{"type": "conversation_updated", "conversation": shapes[key]} for key in changed if key in shapes]
        frames += [{"type": "conversation_removed", "conversation_id": key} for key in known if key not in cores]
        told.cores = {**{key: core for key, core in told.cores.items() if key not in known}, **cores}
        counts = {**{key: count for key, count in told.unread.items() if touched and key not in touched}, **unread}
        if told.is_fresh or counts != told.unread:
            by_id = {str(key): count for key, count in counts.items()}
            frames.append({"type": "unread_counts", "total": sum(counts.values()), "conversations": by_id})
        told.unread, told.is_fresh = counts, False
        self._counts.frames_out.update([frame["type"] for frame in frames])
        if not all([watcher.write(encode(frame)) for frame in frames]):  # noqa: C419  all of them, then look
            watcher.end(CloseCode.TOO_SLOW, "too much is unsent; reconnect")

    async def presence(self, user_id: str, *, is_online: bool) -> None:
        """Tell those who share a conversation with a user that they came or went."""
        others = [one for one in self._states if one != user_id]
        if not others:
            return
        async with self._db.snapshot() as tx:
            friends = await users_sharing_conversation(tx, user_id, others)
            seen = await last_seen(tx, [user_id])
        frame = encode({"type": "presence", "user_id": user_id, "online": is_online, "last_seen": seen.get(user_id)})
        for friend in friends - {user_id}:
            self.push(friend, frame)

    async def run(self) -> None:
        """Tell of touched conversations soon, and of everything in rounds, for ever."""
        loop = asyncio.get_running_loop()
        next_round = loop.time() + FULL_SYNC_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.01, next_round - loop.time())):
                    await self._woken.wait()
            await asyncio.sleep(BATCHING_DELAY_S)  # a burst of messages is one change of counts
            self._woken.clear()
            try:
                await self._send_news()
                if loop.time() >= next_round:
                    await self._full_sync()
            except ChatError as error:
                log.warning("feed_failed", error=error.code)
            except Exception:
                log.exception("feed_failed")  # the next turn may find better weather
            if loop.time() >= next_round:
                next_round = loop.time() + FULL_SYNC_S

    async def _full_sync(self) -> None:
        """Compare every socket with what is stored, so that nothing that was lost stays untold."""
        for told in [one for mine in self._states.values() for one in mine]:
            await self._sync_or_log(told, None)
            await self._send_news()  # a long round must not hold them up

    async def _send_news(self) -> None:
        await self._sync_changed()
        await self._send_notifications()

    async def _sync_changed(self) -> None:
        touched, self._changed = self._changed, set()
        if not touched or not self._states:
            return
        async with self._db.snapshot() as tx:
            by_user = await access.memberships_of_users(tx, touched, list(self._states))
        for user_id, conversation_ids in by_user.items():
            for told in tuple(self._states.get(user_id, ())):
                await self._sync_or_log(told, conversation_ids)

    async def _send_notifications(self) -> None:
        spans, self._notified = self._notified, []
        if not spans or not self._states:
            return
        async with self._db.snapshot() as tx:
            told = await notifications_in_ranges(tx, spans, list(self._states))
        for user_id, notification in told:
            self.push(user_id, encode({"type": "notification", "notification": notification}))

    async def _sync_or_log(self, told: SentState, touched: Collection[UUID] | None) -> None:
        """One socket's trouble is not the others'."""
        try:
            await self.sync(told, touched)
        except ChatError as error:
            log.warning("feed_failed", error=error.code)
        except Exception:
            log.exception("feed_failed")


async def _shapes(tx: Tx, actor: Actor, ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    if not ids:
        return {}
    seats = await access.memberships_in(tx, actor, ids)
    return {shape["id"]: shape for shape in await render_conversations(tx, list(seats.values()))}
