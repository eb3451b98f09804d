"""The faults of a chaos run: each is one coroutine that hurts something and says who has to recover from it.

`cheap` ones are frequent, `costly` ones rare. Which comes next is drawn from the seed; when it strikes is not exactly
the same twice, as real processes run beside it.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable

from tests.chaos.client import Client
from tests.chaos.clients import Crowd, Starred, now
from tests.chaos.environment import Stage

RECOVERY_S = 90.0
EMOJI = "👍🎉😀🔥"

Fault = Callable[[], Awaitable[Iterable[Client]]]


class Faults:
    """All kinds of faults, their counts, and how long recovery took from the end of each.

    Args:
        stage: the servers to hurt.
        crowd: the clients' common ground.
        clients: those who hold and lose connections.
        flapping: those who are removed and added again, by the admin of their conversation.
        longest_s: how long at most something is stopped, held or away.
    """

    def __init__(
        self,
        stage: Stage,
        crowd: Crowd,
        clients: list[Client],
        flapping: dict[Client, str],
        rng: random.Random,
        *,
        longest_s: float,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.recovery: dict[str, list[float]] = defaultdict(list)
        self.cheap: dict[str, Fault] = {
            "cut a client": self._cut,
            "cut at a later frame": self._cut_later,
            "cut before the ack": self._cut_before_ack,
            "client does not read": self._slow,
            "terminate a backend": self._terminate_one,
            "kill Redis clients": self._kill_redis_clients,
            "flush Redis": self._flush,
            "remove and add a member": self._remove_and_add,
        }
        self.costly: dict[str, Fault] = {
            "kill a worker": self._kill_worker,
            "stop a worker": self._stop_worker,
            "stop Redis": self._stop_redis,
            "restart Redis": self._restart_redis,
            "terminate all backends": self._terminate_all,
            "hold a conversation's row": self._hold_row,
            "restart PostgreSQL fast": self._restart_fast,
            "restart PostgreSQL immediately": self._restart_immediately,
            "restart a serve": self._restart_serve,
            "kill a serve": self._kill_serve,
            "all at once": self._all_at_once,
        }
        self._stage, self._crowd, self._clients, self._flapping, self._rng = stage, crowd, clients, flapping, rng
        self._longest_s = longest_s
        self._costly_under_way = 0

    async def strike(self, kind: str) -> None:
        """One fault, and wait until those whom it hurt hear new messages again."""
        is_costly = kind in self.costly
        alone = self._costly_under_way == 0
        self._costly_under_way += is_costly
        try:
            self.counts[kind] += 1
            hurt = await (self.costly if is_costly else self.cheap)[kind]()
            took = await self._recovered(kind, list(hurt))
        finally:
            self._costly_under_way -= is_costly
        if alone and self._costly_under_way == 0:
            self.recovery[kind].append(took)

    async def calm(self) -> None:
        """The same measure without any fault, to compare with."""
        self.recovery["(none)"].append(await self._recovered("nothing", self._clients))

    async def meddle(self, starred: Starred) -> None:
        """Edit, delete and react to one message at once, by several doors and people."""
        await asyncio.sleep(self._spell() / 2)
        near = [one for one in self._clients if starred.conversation in one.chats]
        doings: list[Awaitable[None]] = [self._edit(starred, 1)]
        doings += [self._react(starred, self._rng.choice(near).user) for _ in range(2)]
        if self._rng.random() < 0.4:
            doings += [self._edit(starred, 2), self._delete(starred)]
        await asyncio.gather(*doings)

    async def _recovered(self, kind: str, hurt: list[Client]) -> float:
        """Seconds until each has heard a message that was asked for from now on, in each of its conversations."""
        since = now()
        while now() - since < RECOVERY_S and not self._crowd.is_over:
            behind = [one for one in hurt if not one.is_away and min(one.fresh.values()) < since]
            if not behind:
                return now() - since
            await asyncio.sleep(0.01)
        names = ", ".join(one.name for one in behind[:5])
        self._crowd.history.oddities.append(f"{len(behind)} did not recover from: {kind} ({names})")
        return now() - since

    def _spell(self) -> float:
        return self._longest_s * (0.1 + 0.9 * self._rng.random())

    async def _until(self, is_so: Callable[[], bool]) -> None:
        """Wait for a moment to strike; one that never comes is the business of `_recovered`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECOVERY_S):
                while not is_so():  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0.005)

    # Clients

    async def _cut(self) -> Iterable[Client]:
        hurt = self._rng.sample(self._clients, self._rng.randint(1, 3))
        for client in hurt:
            client.cut()
        return hurt

    async def _cut_later(self) -> Iterable[Client]:
        client = self._rng.choice(self._clients)
        client.cut_after = self._rng.randint(1, 30)
        await self._until(lambda: client.cut_after is None)
        return [client]

    async def _cut_before_ack(self) -> Iterable[Client]:
        client = self._rng.choice([one for one in self._clients if one.sends])
        await self._until(lambda: bool(client.unanswered))
        client.cut()
        return [client]

    async def _slow(self) -> Iterable[Client]:
        hurt = self._rng.sample([one for one in self._clients if not one.is_away], 2)
        with hurt[0].not_reading(), hurt[1].not_reading():
            await asyncio.sleep(self._spell())
        return hurt

    async def _remove_and_add(self) -> Iterable[Client]:
        client = self._rng.choice([one for one in self._flapping if not one.is_away] or list(self._flapping))
        path, body = f"/chat/conversations/{client.chats[0]}", {"user_id": client.user}
        admin, client.is_away = self._flapping[client], True
        await self._crowd.insist("POST", f"{path}/remove_participant/", body, user=admin)
        await asyncio.sleep(self._spell() / 8)
        await self._crowd.insist("POST", f"{path}/add_participant/", body, user=admin)
        client.is_away = False
        return [client]

    async def _edit(self, starred: Starred, number: int) -> None:
        words = f"* better {number} {self._rng.random()}"
        path = f"/chat/messages/{starred.message_id}/edit/"
        self._crowd.changed(starred, words, await self._crowd.call("POST", path, {"content": words}, user=starred.user))

    async def _delete(self, starred: Starred) -> None:
        path = f"/chat/messages/{starred.message_id}/delete/"
        self._crowd.changed(starred, None, await self._crowd.call("POST", path, user=starred.user))

    async def _react(self, starred: Starred, user: str) -> None:
        body = {"emoji": self._rng.choice(EMOJI)}
        await self._crowd.call("POST", f"/chat/messages/{starred.message_id}/react/", body, user=user)

    # PostgreSQL

    async def _terminate_one(self) -> Iterable[Client]:
        await self._terminate("ORDER BY random() LIMIT 1")
        return self._clients

    async def _terminate_all(self) -> Iterable[Client]:
        await self._terminate("")
        return self._clients

    async def _terminate(self, which: str) -> None:
        chosen = f"SELECT pid FROM pg_stat_activity WHERE application_name = 'wasgo-chat' {which}"
        await self._stage.sql(f"SELECT pg_terminate_backend(pid) FROM ({chosen}) AS chosen")

    async def _hold_row(self) -> Iterable[Client]:
        chat = self._rng.choice(self._clients).chats[0]
        seconds = self._spell()
        await self._stage.sql(
            f"WITH held AS (SELECT id FROM conversations WHERE id = '{chat}' FOR UPDATE) "
            f"SELECT pg_sleep({seconds}) FROM held"
        )
        return [one for one in self._clients if chat in one.chats]

    async def _restart_fast(self) -> Iterable[Client]:
        return await self._restart_postgres(immediately=False)

    async def _restart_immediately(self) -> Iterable[Client]:
        return await self._restart_postgres(immediately=True)

    async def _restart_postgres(self, *, immediately: bool) -> Iterable[Client]:
        await self._stage.aside(lambda: self._stage.postgres.stop(immediately=immediately))
        await asyncio.sleep(self._spell() / 4)
        await self._stage.aside(self._stage.postgres.start)
        return self._clients

    # Redis

    async def _kill_redis_clients(self) -> Iterable[Client]:
        await self._stage.redis("CLIENT", "KILL", "TYPE", self._rng.choice(["pubsub", "normal"]))
        return self._clients

    async def _flush(self) -> Iterable[Client]:
        await self._stage.redis("FLUSHALL")
        return self._clients

    async def _stop_redis(self) -> Iterable[Client]:
        await self._stopped(self._stage.valkey.pid or 0, self._spell())
        return self._clients

    async def _restart_redis(self) -> Iterable[Client]:
        await self._stage.aside(self._stage.valkey.stop)
        await asyncio.sleep(self._spell() / 2)
        await self._stage.aside(self._stage.valkey.start)
        return self._clients

    # The service

    async def _kill_worker(self) -> Iterable[Client]:
        self._kill_one()
        return self._clients

    async def _stop_worker(self) -> Iterable[Client]:
        await self._stopped(self._rng.choice(self._stage.workers()), self._spell())
        return self._clients

    async def _restart_serve(self) -> Iterable[Client]:
        await self._stage.serve_again(self._rng.randrange(len(self._stage.serves)), signal.SIGTERM)
        return self._clients

    async def _kill_serve(self) -> Iterable[Client]:
        await self._stage.serve_again(self._rng.randrange(len(self._stage.serves)), signal.SIGKILL)
        return self._clients

    async def _all_at_once(self) -> Iterable[Client]:
        self._kill_one()
        await asyncio.gather(self._restart_redis(), self._restart_immediately(), self._cut())
        return self._clients

    def _kill_one(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # another fault was there first
            os.kill(self._rng.choice(self._stage.workers()), signal.SIGKILL)

    async def _stopped(self, pid: int, seconds: float) -> None:
        with contextlib.suppress(ProcessLookupError):  # it may have been replaced, as one that hangs
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                os.kill(pid, signal.SIGCONT)
