"""The faults of a chaos run: each is a coroutine that injects a fault and returns the clients that have to recover.

The seed determines which fault comes next. Its timing is not exactly reproducible, as real processes run concurrently.
"""

import asyncio
import contextlib
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable

from tests.chaos.client import Client
from tests.chaos.environment import Environment
from tests.chaos.shared_state import ContestedMessage, SharedState, now

RECOVERY_S = 90.0
EMOJI = "👍🎉😀🔥"

Fault = Callable[[], Awaitable[Iterable[Client]]]


class Faults:
    """All kinds of faults, how often each was injected, and how long the recovery took.

    Args:
        stage: the servers.
        crowd: the state that clients share.
        clients: the clients that lose connections.
        flapping: clients that are removed and added again, with the admin of their conversation.
        longest_s: the maximum duration of a fault.
    """

    def __init__(
        self,
        stage: Environment,
        crowd: SharedState,
        clients: list[Client],
        flapping: dict[Client, str],
        rng: random.Random,
        *,
        longest_s: float,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.recovery: dict[str, list[float]] = defaultdict(list)
        self.frequent: dict[str, Fault] = {
            "cut a client": self._disconnect,
            "cut at a later frame": self._disconnect_later,
            "cut before the ack": self._disconnect_before_ack,
            "client does not read": self._stop_reading,
            "terminate a backend": self._terminate_one,
            "kill Redis clients": self._kill_redis_clients,
            "flush Redis": self._flush,
            "remove and add a member": self._remove_and_add,
        }
        self.rare: dict[str, Fault] = {
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
        self._environment, self._shared, self._clients, self._toggled, self._rng = stage, crowd, clients, flapping, rng
        self._max_fault_s = longest_s
        self._rare_running = 0

    async def inject(self, kind: str) -> None:
        """Inject one fault, and wait until the affected clients receive new messages again."""
        is_costly = kind in self.rare
        alone = self._rare_running == 0
        self._rare_running += is_costly
        try:
            self.counts[kind] += 1
            affected = await (self.rare if is_costly else self.frequent)[kind]()
            took = await self._wait_recovered(kind, list(affected))
        finally:
            self._rare_running -= is_costly
        if alone and self._rare_running == 0:
            self.recovery[kind].append(took)

    async def measure_baseline(self) -> None:
        """The same measurement without a fault, as a baseline."""
        self.recovery["(none)"].append(await self._wait_recovered("nothing", self._clients))

    async def modify_concurrently(self, contested: ContestedMessage) -> None:
        """Concurrently edit, delete and react to one message, as several users."""
        await asyncio.sleep(self._duration() / 2)
        members = [one for one in self._clients if contested.conversation in one.conversations]
        actions: list[Awaitable[None]] = [self._edit(contested, 1)]
        actions += [self._react(contested, self._rng.choice(members).user) for _ in range(2)]
        if self._rng.random() < 0.4:
            actions += [self._edit(contested, 2), self._delete(contested)]
        await asyncio.gather(*actions)

    async def _wait_recovered(self, kind: str, affected: list[Client]) -> float:
        """Seconds until each client has received a message that was sent from now on, in each of its conversations."""
        since = now()
        while now() - since < RECOVERY_S and not self._shared.is_over:
            behind = [one for one in affected if not one.is_unavailable and min(one.newest_seen.values()) < since]
            if not behind:
                return now() - since
            await asyncio.sleep(0.01)
        names = ", ".join(one.name for one in behind[:5])
        self._shared.history.unexpected.append(f"{len(behind)} did not recover from: {kind} ({names})")
        return now() - since

    def _duration(self) -> float:
        return self._max_fault_s * (0.1 + 0.9 * self._rng.random())

    async def _wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for the moment to inject a fault; if it never comes, `_wait_recovered` reports it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECOVERY_S):
                while not is_so():  # noqa: ASYNC110  polling is the point
                    await asyncio.sleep(0.005)

    # Clients

    async def _disconnect(self) -> Iterable[Client]:
        affected = self._rng.sample(self._clients, self._rng.randint(1, 3))
        for client in affected:
            client.disconnect()
        return affected

    async def _disconnect_later(self) -> Iterable[Client]:
        client = self._rng.choice(self._clients)
        client.disconnect_after = self._rng.randint(1, 30)
        await self._wait_until(lambda: client.disconnect_after is None)
        return [client]

    async def _disconnect_before_ack(self) -> Iterable[Client]:
        client = self._rng.choice([one for one in self._clients if one.is_sender])
        await self._wait_until(lambda: bool(client.unanswered))
        client.disconnect()
        return [client]

    async def _stop_reading(self) -> Iterable[Client]:
        affected = self._rng.sample([one for one in self._clients if not one.is_unavailable], 2)
        with affected[0].paused(), affected[1].paused():
            await asyncio.sleep(self._duration())
        return affected

    async def _remove_and_add(self) -> Iterable[Client]:
        client = self._rng.choice([one for one in self._toggled if not one.is_unavailable] or list(self._toggled))
        path, body = f"/chat/conversations/{client.conversations[0]}", {"user_id": client.user}
        admin, client.is_unavailable = self._toggled[client], True
        await self._shared.call_until_answered("POST", f"{path}/remove_participant/", body, user=admin)
        await asyncio.sleep(self._duration() / 8)
        await self._shared.call_until_answered("POST", f"{path}/add_participant/", body, user=admin)
        client.is_unavailable = False
        return [client]

    async def _edit(self, contested: ContestedMessage, number: int) -> None:
        content = f"* better {number} {self._rng.random()}"
        path = f"/chat/messages/{contested.message_id}/edit/"
        self._shared.record_change(
            contested, content, await self._shared.call("POST", path, {"content": content}, user=contested.user)
        )

    async def _delete(self, contested: ContestedMessage) -> None:
        path = f"/chat/messages/{contested.message_id}/delete/"
        self._shared.record_change(contested, None, await self._shared.call("POST", path, user=contested.user))

    async def _react(self, contested: ContestedMessage, user: str) -> None:
        body = {"emoji": self._rng.choice(EMOJI)}
        await self._shared.call("POST", f"/chat/messages/{contested.message_id}/react/", body, user=user)

    # PostgreSQL

    async def _terminate_one(self) -> Iterable[Client]:
        await self._terminate("ORDER BY random() LIMIT 1")
        return self._clients

    async def _terminate_all(self) -> Iterable[Client]:
        await self._terminate("")
        return self._clients

    async def _terminate(self, which: str) -> None:
        chosen = f"SELECT pid FROM pg_stat_activity WHERE application_name = 'wasgo-chat' {which}"
        await self._environment.sql(f"SELECT pg_terminate_backend(pid) FROM ({chosen}) AS chosen")

    async def _hold_row(self) -> Iterable[Client]:
        chat = self._rng.choice(self._clients).conversations[0]
        seconds = self._duration()
        await self._environment.sql(
            f"WITH held AS (SELECT id FROM conversations WHERE id = '{chat}' FOR UPDATE) "
            f"SELECT pg_sleep({seconds}) FROM held"
        )
        return [one for one in self._clients if chat in one.conversations]

    async def _restart_fast(self) -> Iterable[Client]:
        return await self._restart_postgres(immediately=False)

    async def _restart_immediately(self) -> Iterable[Client]:
        return await self._restart_postgres(immediately=True)

    async def _restart_postgres(self, *, immediately: bool) -> Iterable[Client]:
        await self._environment.in_thread(lambda: self._environment.postgres.stop(immediately=immediately))
        await asyncio.sleep(self._duration() / 4)
        await self._environment.in_thread(self._environment.postgres.start)
        return self._clients

    # Redis

    async def _kill_redis_clients(self) -> Iterable[Client]:
        await self._environment.redis("CLIENT", "KILL", "TYPE", self._rng.choice(["pubsub", "normal"]))
        return self._clients

    async def _flush(self) -> Iterable[Client]:
        await self._environment.redis("FLUSHALL")
        return self._clients

    async def _stop_redis(self) -> Iterable[Client]:
        await self._stop_process(self._environment.valkey.pid or 0, self._duration())
        return self._clients

    async def _restart_redis(self) -> Iterable[Client]:
        await self._environment.in_thread(self._environment.valkey.stop)
        await asyncio.sleep(self._duration() / 2)
        await self._environment.in_thread(self._environment.valkey.start)
        return self._clients

    # The service

    async def _kill_worker(self) -> Iterable[Client]:
        self._kill_any_worker()
        return self._clients

    async def _stop_worker(self) -> Iterable[Client]:
        await self._stop_process(self._rng.choice(self._environment.workers()), self._duration())
        return self._clients

    async def _restart_serve(self) -> Iterable[Client]:
        await self._environment.restart_service(self._rng.randrange(len(self._environment.services)), signal.SIGTERM)
        return self._clients

    async def _kill_serve(self) -> Iterable[Client]:
        await self._environment.restart_service(self._rng.randrange(len(self._environment.services)), signal.SIGKILL)
        return self._clients

    async def _all_at_once(self) -> Iterable[Client]:
        self._kill_any_worker()
        await asyncio.gather(self._restart_redis(), self._restart_immediately(), self._disconnect())
        return self._clients

    def _kill_any_worker(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # another fault was faster
            os.kill(self._rng.choice(self._environment.workers()), signal.SIGKILL)

    async def _stop_process(self, pid: int, seconds: float) -> None:
        with contextlib.suppress(ProcessLookupError):  # the supervisor may have replaced it because it hung
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                os.kill(pid, signal.SIGCONT)
