"""The presence tracker of one worker: which users are connected here, and who is online on any worker.

Changes are published once among all workers: the registry in Redis decides which worker sees the first connection of
a user and the last one. Without Redis, one process knows every connection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import structlog

from wasgo_chat.core.tasks import forever
from wasgo_chat.database.session import Database
from wasgo_chat.presence import operations
from wasgo_chat.presence.registry import CONNECTION_ERRORS, PresenceRegistry
from wasgo_chat.redis_client.errors import diagnose_redis
from wasgo_chat.redis_client.target import DEFAULT_PREFIX

log = structlog.get_logger(__name__)

HEARTBEAT_S = 5.0
TTL_S = 3 * HEARTBEAT_S
GRACE_S = 2.0
BATCHING_DELAY_S = 0.05
HEARTBEATS_PER_RECORD = 12
"""Of so many heartbeats, one records in the database that the connected users were seen."""

OnChange = Callable[[str, bool], Awaitable[None]]
"""Called with a user who went online (True) or offline (False), on one of all workers."""


class Presence:
    """The presence tracker of a worker.

    Args:
        db: stores when users were last seen.
        redis_url: the Redis of all workers; None for a single process.
        worker: the worker's name, unique among all workers.
        redis_prefix: the prefix of the keys in Redis.
    """

    def __init__(self, db: Database, redis_url: str | None, worker: str, *, redis_prefix: str = DEFAULT_PREFIX) -> None:
        self._db = db
        self._registry = PresenceRegistry(redis_url, worker, redis_prefix) if redis_url is not None else None
        self._listeners: list[OnChange] = []
        self._connected: set[str] = set()
        self._registered: set[str] = set()
        self._changed: asyncio.Queue[str] = asyncio.Queue()
        self._unpublished: set[str] = set()
        self._heartbeats = 0
        self._next_heartbeat = 0.0

    def add_listener(self, listener: OnChange) -> None:
        """Call `listener` for each change, once among all workers."""
        self._listeners.append(listener)

    def connected(self, user_id: str) -> None:
        """The first connection of a user to this worker has opened."""
        self._connected.add(user_id)
        self._changed.put_nowait(user_id)

    def disconnected(self, user_id: str) -> None:
        """The last connection of a user to this worker has closed."""
        self._connected.discard(user_id)
        # A page that reloads is back within the grace period: nothing is published then.
        asyncio.get_running_loop().call_later(GRACE_S, self._changed.put_nowait, user_id)

    async def online(self, user_ids: Collection[str]) -> set[str]:
        """Which of these users are online on any worker; without an answer of Redis, on this one."""
        online = self._connected.intersection(user_ids)
        others = [user_id for user_id in user_ids if user_id not in online]
        if self._registry is None or not others:
            return online
        try:
            return online.union(await self._registry.online_among(others))
        except CONNECTION_ERRORS as error:
            log.warning("presence_local_only", error=type(error).__name__, reason=diagnose_redis(error).what)
            return online

    async def run(self) -> None:
        """Send heartbeats, find the users of crashed workers, and publish changes."""
        await forever(self._step, failure="presence_failed", expected=CONNECTION_ERRORS)

    async def _step(self) -> None:
        """Send a heartbeat if one is due. Then publish the changes that come before the next one."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next_heartbeat:
            self._next_heartbeat = loop.time() + HEARTBEAT_S
            await self._heartbeat()
            await self._publish_changes([])
            if self._heartbeats % HEARTBEATS_PER_RECORD == 0:
                await self._record_seen(list(self._connected))
            self._heartbeats += 1
        try:
            async with asyncio.timeout(max(0.01, self._next_heartbeat - loop.time())):
                first = await self._changed.get()
        except TimeoutError:
            return
        await asyncio.sleep(BATCHING_DELAY_S)  # many users may connect at once
        await self._publish_changes([first, *(self._changed.get_nowait() for _ in range(self._changed.qsize()))])

    async def close(self) -> None:
        """Unregister this worker's users now, before their entries expire."""
        if self._registry is not None:
            try:
                await self._registry.unregister(list(self._registered))
            except CONNECTION_ERRORS as error:
                log.warning("presence_unregister_failed", error=type(error).__name__)
            await self._registry.close()

    async def _publish_changes(self, user_ids: Sequence[str]) -> None:
        """Publish who went online or offline among these users. What fails is published with the next heartbeat.

        A user may have connected before the grace period of an earlier connection ended. So what counts is who is
        connected now, and not the order of the changes.
        """
        self._unpublished.update(user_ids)
        changed = sorted(self._unpublished)
        await self._mark_offline([user_id for user_id in changed if user_id not in self._connected])
        await self._mark_online([user_id for user_id in changed if user_id in self._connected])
        self._unpublished.difference_update(changed)

    async def _mark_online(self, connected: Sequence[str]) -> None:
        came = connected if self._registry is None else await self._registry.register(connected, TTL_S)
        self._registered.update(connected)
        await self._notify(came, is_online=True)

    async def _mark_offline(self, disconnected: Sequence[str]) -> None:
        await self._record_seen(disconnected)
        gone = disconnected if self._registry is None else await self._registry.unregister(disconnected)
        self._registered.difference_update(disconnected)
        await self._notify(gone, is_online=False)

    async def _heartbeat(self) -> None:
        if self._registry is not None:
            # A user who has just connected is not registered yet: only `_mark_online` publishes who was offline.
            await self._registry.register(list(self._registered), TTL_S)
            await self._notify(await self._registry.remove_expired(), is_online=False)

    async def _notify(self, user_ids: Sequence[str], *, is_online: bool) -> None:
        for user_id in user_ids:
            for listener in self._listeners:
                await listener(user_id, is_online)

    async def _record_seen(self, user_ids: Sequence[str]) -> None:
        if user_ids:
            async with self._db.transaction() as tx:
                await operations.record_seen(tx, user_ids)
