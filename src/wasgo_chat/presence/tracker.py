"""Who is online, over all workers, and when the others were seen last.

Each worker keeps its users alive in Redis for a few beats; what a crashed worker leaves behind expires by itself,
and whoever finds it expired tells the others. Times in Redis are Redis's own, and each change of many users is one
script there; in a cluster users are spread over a few places, each with its own script. Without Redis one process
knows all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated
from zlib import crc32

import structlog
from fastapi import APIRouter, Query, Request, Response
from redis.asyncio import Redis
from redis.exceptions import RedisClusterException, RedisError
from sqlalchemy import DateTime, ForeignKey, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, aliased, mapped_column

from wasgo_chat.core.encoding import JsonResponse, ResponseModel, has_stray_control
from wasgo_chat.core.errors import ChatError, Invalid
from wasgo_chat.core.redis_target import RedisTarget, close_sentinels
from wasgo_chat.database.data_policy import DataPolicy
from wasgo_chat.database.session import Base, Database, Tx, any_of
from wasgo_chat.feature import part_of
from wasgo_chat.http.dependencies import Caller, Db
from wasgo_chat.http.problems import problem_responses
from wasgo_chat.identity.users import User
from wasgo_chat.membership.models import Participant

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/chat/presence", tags=["presence"])

HEARTBEAT_S = 5.0
TTL_S = 3 * HEARTBEAT_S
GRACE_S = 2.0
SEEN_EVERY = 12
MAX_USERS = 100
GATHER_S = 0.05
PAGE = 500
_AWAY = (RedisError, RedisClusterException, OSError, TimeoutError)
_ALL = "wasgo:online"
SHARDS = 16
"""Into how many places a cluster's users are put: no more shards than that can share the work."""

# One sorted set of "worker user" for what expires, and one for each user of the workers that answer for them; scores
# are the moments until which they do. Arguments: the worker, the seconds, the users. Answers with who was offline.
_KEEP = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local came = {}
for at = 3, #ARGV do
    local key = KEYS[1] .. ':' .. ARGV[at]
    if redis.call('ZCOUNT', key, now, '+inf') == 0 then came[#came + 1] = ARGV[at] end
    redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1] .. ' ' .. ARGV[at])
    redis.call('ZADD', key, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', key, math.max(1, math.ceil(2 * ARGV[2])))
end
return came
"""
# Arguments: the worker, the users. Answers with who is offline now.
_LEAVE = """
local time = redis.call('TIME')
local gone = {}
for at = 2, #ARGV do
    local key = KEYS[1] .. ':' .. ARGV[at]
    redis.call('ZREM', KEYS[1], ARGV[1] .. ' ' .. ARGV[at])
    redis.call('ZREM', key, ARGV[1])
    if redis.call('ZCOUNT', key, time[1] + time[2] / 1e6, '+inf') == 0 then gone[#gone + 1] = ARGV[at] end
end
return gone
"""
# Arguments: the users. Answers with who is online.
_ONLINE_AMONG = """
local time = redis.call('TIME')
local here = {}
for _, user in ipairs(ARGV) do
    if redis.call('ZCOUNT', KEYS[1] .. ':' .. user, time[1] + time[2] / 1e6, '+inf') > 0 then here[#here + 1] = user end
end
return here
"""
# Removes what has expired, at most so many; of all who look, one gets each user to tell the others of.
_SWEEP = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local gone = {}
for _, entry in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', now, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
    local worker, user = string.match(entry, '^(%S+) (.*)$')
    redis.call('ZREM', KEYS[1], entry)
    redis.call('ZREM', KEYS[1] .. ':' .. user, worker)
    if redis.call('ZCOUNT', KEYS[1] .. ':' .. user, now, '+inf') == 0 then gone[#gone + 1] = user end
end
return gone
"""

OnChange = Callable[[str, bool], Awaitable[None]]


class LastSeen(Base):
    """When a user was online last, to the minute while they are."""

    __tablename__ = "last_seen"
    __data_policy__ = (
        DataPolicy(
            "When they were last online",
            exported="`profile.json`",
            erased="Deleted",
            kept="Until erased",
        ),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PresenceOut(ResponseModel):
    """Whether a user is online. Those who share no conversation with the caller look like nobody."""

    user_id: str
    online: bool
    last_seen: datetime | None


class PresencesOut(ResponseModel):
    """Presence of the users asked for, in their order."""

    results: list[PresenceOut]


class Presence:
    """A worker's part in knowing who is online.

    `on_change` is told of a user who came (True) or went (False), once among all workers.

    Args:
        db: keeps when users were seen last.
        redis_url: where the workers meet; None where there is one process.
        worker: this worker's name among them.
    """

    def __init__(self, db: Database, redis_url: str | None, worker: str) -> None:
        self.on_change: OnChange = _ignore_change
        self._db = db
        self._worker = worker
        self._here: set[str] = set()
        self._arrivals: asyncio.Queue[tuple[str, bool]] = asyncio.Queue()
        self._unpublished: Mapping[str, bool] = {}
        self._redis = None
        self._shards = [_ALL]
        if redis_url is not None:
            place = RedisTarget.parse(redis_url)
            # No retries: by default it would try for ten seconds, and whoever asks who is online with it.
            self._redis = place.client(timeout_s=1, decode_responses=True)
            if place.kind == "cluster":  # in braces is what decides on the shard; a script has keys of one only
                self._shards = [f"{{{_ALL}:{number}}}" for number in range(SHARDS)]
            self._scripts = {name: self._redis.register_script(name) for name in (_KEEP, _LEAVE, _ONLINE_AMONG, _SWEEP)}

    def connected(self, user_id: str) -> None:
        """A user's first socket on this worker opened."""
        self._here.add(user_id)
        self._arrivals.put_nowait((user_id, True))

    def disconnected(self, user_id: str) -> None:
        """A user's last socket on this worker closed."""
        self._here.discard(user_id)
        # A page that reloads is back within the grace; then nobody needs to know.
        asyncio.get_running_loop().call_later(GRACE_S, self._arrivals.put_nowait, (user_id, False))

    async def online(self, user_ids: Collection[str]) -> set[str]:
        """Which of these users are online on any worker; with Redis away, on this one."""
        found = self._here.intersection(user_ids)
        asked = [user_id for user_id in user_ids if user_id not in found]
        if self._redis is None or not asked:
            return found
        try:
            return found.union(await self._ask(_ONLINE_AMONG, [], asked))
        except _AWAY as error:
            log.warning("presence_local", error=type(error).__name__)
            return found

    async def run(self) -> None:
        """Beat, sweep what others left behind, and spread arrivals, for ever."""
        beats = 0
        next_beat = 0.0
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() >= next_beat:
                    next_beat = loop.time() + HEARTBEAT_S
                    await self._heartbeat()
                    await self._publish_changes({})
                    if beats % SEEN_EVERY == 0:
                        await self._record_seen(list(self._here))
                    beats += 1
                async with asyncio.timeout(max(0.01, next_beat - loop.time())):
                    first = await self._arrivals.get()
                await asyncio.sleep(GATHER_S)  # a crowd comes at once
                moved = dict([first, *(self._arrivals.get_nowait() for _ in range(self._arrivals.qsize()))])
                await self._publish_changes(moved)
            except TimeoutError:
                continue
            except _AWAY as error:
                log.warning("presence_away", error=type(error).__name__)
            except ChatError as error:
                log.warning("presence_not_kept", error=error.code)
            except Exception:
                log.exception("presence_failed")  # some arrivals must not end the knowledge of all

    async def close(self) -> None:
        """Leave at once rather than by expiry."""
        if self._redis is not None:
            try:
                await self._ask(_LEAVE, [self._worker], list(self._here))
            except _AWAY as error:
                log.warning("presence_not_left", error=type(error).__name__)
            await self._redis.aclose()
            if isinstance(self._redis, Redis):
                await close_sentinels(self._redis.connection_pool)

    async def _publish_changes(self, moved: Mapping[str, bool]) -> None:
        """Tell of those who came and went; who could not be told of is told of with the next beat."""
        moved = {**self._unpublished, **moved}
        self._unpublished = moved
        await self._mark_offline([user_id for user_id, is_here in moved.items() if not is_here])
        await self._mark_online([user_id for user_id, is_here in moved.items() if is_here])
        self._unpublished = {}

    async def _mark_online(self, user_ids: Sequence[str]) -> None:
        here = [user_id for user_id in user_ids if user_id in self._here]
        for user_id in await self._keep(here):
            await self.on_change(user_id, True)

    async def _mark_offline(self, user_ids: Sequence[str]) -> None:
        gone = [user_id for user_id in user_ids if user_id not in self._here]
        await self._record_seen(gone)
        for user_id in await self._ask(_LEAVE, [self._worker], gone):
            await self.on_change(user_id, False)

    async def _heartbeat(self) -> None:
        await self._keep(list(self._here))
        if self._redis is not None:
            for place in self._shards:
                for user_id in await self._scripts[_SWEEP]([place], [1000]):
                    await self.on_change(user_id, False)

    async def _keep(self, user_ids: Sequence[str], life_s: float = TTL_S) -> list[str]:
        """Answer for these users for so long; those who were offline."""
        return await self._ask(_KEEP, [self._worker, life_s], user_ids)

    async def _ask(self, script: str, given: list[str | float], user_ids: Sequence[str]) -> list[str]:
        """Run a script in pages; whom it names. Without Redis everybody it was asked about."""
        if self._redis is None:
            return list(user_ids)
        by_place: dict[str, list[str]] = {}
        for user_id in user_ids:
            by_place.setdefault(self._shard_of(user_id), []).append(user_id)
        named: list[str] = []
        for place, theirs in by_place.items():
            for start in range(0, len(theirs), PAGE):
                named += await self._scripts[script]([place], [*given, *theirs[start : start + PAGE]])
        return named

    def _shard_of(self, user_id: str) -> str:
        return self._shards[crc32(user_id.encode()) % len(self._shards)]

    async def _record_seen(self, user_ids: Sequence[str]) -> None:
        if not user_ids:
            return
        async with self._db.transaction() as tx:
            # Of those who are there still: somebody who is being erased leaves their sockets too.
            seen = select(User.id, func.now()).where(any_of(User.id, user_ids), User.erased_at.is_(None))
            statement = insert(LastSeen).from_select(["user_id", "seen_at"], seen.order_by(User.id))
            await tx.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_={"seen_at": func.now()}))


async def users_sharing_conversation(tx: Tx, user_id: str, others: Collection[str]) -> set[str]:
    """Which of these users share a conversation with a user now; oneself is one's own acquaintance."""
    mine, theirs = aliased(Participant), aliased(Participant)
    statement = (
        select(theirs.user_id)
        .join(mine, mine.conversation_id == theirs.conversation_id)
        .where(
            mine.user_id == user_id,
            mine.left_seq.is_(None),
            any_of(theirs.user_id, others),
            theirs.left_seq.is_(None),
        )
        .distinct()
    )
    return set((await tx.execute(statement)).scalars()) | ({user_id} & set(others))


async def last_seen(tx: Tx, user_ids: Collection[str]) -> dict[str, datetime]:
    """When these users were online last, those ever seen only."""
    rows = await tx.execute(select(LastSeen.user_id, LastSeen.seen_at).where(any_of(LastSeen.user_id, user_ids)))
    return {row.user_id: row.seen_at for row in rows}


async def _ignore_change(user_id: str, is_online: bool) -> None:
    """Until somebody does."""


@router.get("/", operation_id="list_presence", response_model=PresencesOut, responses=problem_responses(401, 403, 422))
async def list_presence(
    request: Request,
    caller: Caller,
    db: Db,
    user_ids: Annotated[str, Query(description=f"User ids, separated by commas; at most {MAX_USERS}.")],
) -> Response:
    """See who is online among people the caller shares a conversation with."""
    asked = list(dict.fromkeys(one for one in user_ids.split(",") if one))
    if not 0 < len(asked) <= MAX_USERS or any(len(one) > 128 or has_stray_control(one, allowed="") for one in asked):
        raise Invalid.field(["query", "user_ids"], "user_ids", f"names 1 to {MAX_USERS} users, separated by commas")
    async with db.snapshot() as tx:
        known = await users_sharing_conversation(tx, caller.require_user(), asked)
        seen = await last_seen(tx, known)
    presence = part_of(request, Presence)
    there = await presence.online(known)
    results = [{"user_id": one, "online": one in there, "last_seen": seen.get(one)} for one in asked]
    return JsonResponse({"results": results})
