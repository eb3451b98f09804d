"""`make chaos`: inject faults into a running service while clients send, then compare their history with the database.

    python -m tests.chaos.run --minutes 25 --seed 7

The exit code is 1 if a rule is violated; the history and the logs are then kept.
"""

import argparse
import asyncio
import contextlib
import pickle
import random
import secrets
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.chaos.client import Client
from tests.chaos.database_state import read_database_state
from tests.chaos.environment import Environment
from tests.chaos.faults import Faults
from tests.chaos.report import Outcome, progress, summary
from tests.chaos.rules import check
from tests.chaos.shared_state import Scale, SharedState, now

LONG = Scale(conversations=12, senders=5, rate=300.0, max_fault_s=4.0)
# A small send buffer, so that clients that do not read leave the live stream within seconds.
SERVICE = {"SEND_BUFFER_BYTES": "65536", "SLOW_SOCKET_S": "2", "DATABASE_POOL_SIZE": "6"}
SILENCE_S = 20.0
REST_S = 90.0
CALM = 4
LARGE = "😀" * 2000


class ChaosRun:
    """One run, from the start of the servers to the check of the history."""

    def __init__(self, folder: Path, size: Scale, seed: int, *, durable: bool, serves: int = 2) -> None:
        self.rng = random.Random(seed)
        self.environment = Environment(folder, serves=serves, durable=durable, service=SERVICE)
        self.shared = SharedState(self.environment, size, self.rng)
        self.clients: list[Client] = []
        self.toggled: dict[Client, str] = {}
        self.started_at = now()
        self.faults: Faults

    async def prepare(self) -> None:
        """Start the servers, create the conversations and the clients."""
        await self.environment.start()
        size = self.shared.scale
        interval = size.conversations * size.senders / size.rate
        chats: list[str] = []
        for number in range(size.conversations):
            users = [f"user-{number}-{one}" for one in range(size.senders)]
            flapper = f"flapper-{number}"
            roles = dict.fromkeys([*users, flapper, "roamer-0", "roamer-1"], "participant") | {users[0]: "admin"}
            chat = await self.shared.create_conversation(number, roles)
            chats.append(chat)
            words = LARGE if number == 0 else ""
            self.clients += [self._client(user, user, [chat], interval, words=words) for user in users]
            self.toggled[self._client(flapper, flapper, [chat], 2.0)] = users[0]
            for user in users[1:]:  # one in each conversation is notified: the run is about messages
                await self.shared.call_until_answered(
                    "PUT", "/chat/notifications/preferences/", {"level": "none"}, user=user
                )
        self.clients.append(self._client("second-device", "user-1-0", [chats[1]], interval))
        self.clients += [self._client(f"roamer-{one}", f"roamer-{one}", chats, 1.0, is_roaming=True) for one in (0, 1)]
        self.faults = Faults(
            self.environment, self.shared, self.clients, self.toggled, self.rng, longest_s=size.max_fault_s
        )

    def _client(
        self, name: str, user: str, chats: list[str], interval: float, *, words: str = "", is_roaming: bool = False
    ) -> Client:
        return Client(self.shared, name, user, chats, interval=interval, words=words, is_roaming=is_roaming)

    @property
    def all_clients(self) -> list[Client]:
        """All clients."""
        return [*self.clients, *self.toggled]

    async def run_while(self, *lanes: Callable[[], Awaitable[None]]) -> None:
        """Run all clients while the lanes run; then wait until all have caught up, and end."""
        living = [asyncio.create_task(client.run(), name=client.name) for client in self.all_clients]
        watching = [
            asyncio.create_task(self._watch()),
            *(asyncio.create_task(self._modify_contested()) for _ in range(2)),
        ]
        try:
            await asyncio.gather(*(lane() for lane in lanes))
            self.shared.is_sending = False
            # Requests that are running are finished: no one would wait for their effects afterwards.
            while not self.shared.contested.empty():
                self.shared.contested.get_nowait()
            for _ in watching[1:]:
                self.shared.contested.put_nowait(None)
            await asyncio.gather(*watching[1:])
            await self._come_to_rest()
        finally:
            self.shared.is_over = True
            for task in watching:
                task.cancel()
            for client in self.all_clients:
                client.disconnect()
            results = await asyncio.gather(*living, *watching, return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error

    async def finish(self) -> Outcome:
        """Compare the history with the database."""
        crowd = self.shared
        places: dict[str, list[str]] = {}
        for client in self.all_clients:
            places[client.user] = client.conversations
        await crowd.record_unread_counts(places)
        truth = await read_database_state(self.environment.database_url)
        for one in self.environment.services:
            if one.process.poll() is not None:
                crowd.history.unexpected.append(f"the serve at {one.port} ended by itself")
        for client in self.all_clients:
            crowd.history.caught_up |= {(client.name, chat) for chat in client.conversations}
        broken = await asyncio.to_thread(check, crowd.history, truth)
        return Outcome(crowd, self.faults, broken, self.environment.logs, now() - self.started_at)

    async def close(self) -> None:
        """End everything."""
        await self.shared.close()
        await self.environment.stop()

    async def _modify_contested(self) -> None:
        while (starred := await self.shared.contested.get()) is not None:
            await self.faults.modify_concurrently(starred)

    async def _watch(self) -> None:
        """A client that hears nothing for long reconnects, as one behind a dead network does."""
        while True:
            await asyncio.sleep(1)
            for client in self.all_clients:
                if now() - client.last_frame_at > SILENCE_S and not client.is_unavailable and self.shared.is_sending:
                    client.last_frame_at = now()
                    client.disconnect()

    async def _come_to_rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                while any(client.unanswered for client in self.all_clients):  # noqa: ASYNC110  nothing to wait for
                    await asyncio.sleep(0.1)
                calm = 0
                while calm < CALM:  # an unanswered request may still take effect
                    calm = calm + 1 if await self._all_seen() else 0
                    await asyncio.sleep(0.2)

    async def _all_seen(self) -> bool:
        heads = {
            row["id"]: row["last_seq"]
            for row in await self.environment.sql("SELECT id::text, last_seq FROM conversations")
        }
        return all(
            client.positions[chat] == heads[chat] for client in self.all_clients for chat in client.conversations
        )


async def long_run(minutes: float, seed: int, folder: Path) -> Outcome:
    """Inject random faults for some minutes."""
    run = ChaosRun(folder, LONG, seed, durable=True)
    rng, until = run.rng, 0.0

    async def cheap() -> None:
        weights = {"cut a client": 5, "cut at a later frame": 3, "cut before the ack": 3, "remove and add a member": 3}
        kinds = list(run.faults.frequent)
        while now() < until:
            await run.faults.inject(rng.choices(kinds, [weights.get(kind, 1) for kind in kinds])[0])

    async def costly() -> None:
        kinds: list[str] = []
        while now() < until:
            kinds = kinds or rng.sample(list(run.faults.rare), len(run.faults.rare))
            await run.faults.measure_baseline()
            await run.faults.inject(kinds.pop())
            await asyncio.sleep(6 * rng.random())

    async def tell() -> None:
        told = 0
        while now() < until:
            await asyncio.sleep(min(10.0, max(0.0, until - now())))
            told = progress(run.shared, run.faults, now() - run.started_at, told)

    try:
        await run.prepare()
        until = now() + minutes * 60
        await run.run_while(cheap, cheap, costly, tell)
        return await run.finish()
    finally:
        await run.close()


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--seed", type=int, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else secrets.randbelow(10**6)
    folder = Path(tempfile.mkdtemp(prefix="wasgo-chat-chaos-"))
    sys.stdout.write(f"chaos for {given.minutes:g} minutes, SEED={seed}\n")
    sys.stdout.flush()
    outcome = asyncio.run(long_run(given.minutes, seed, folder))
    sys.stdout.write(summary(outcome))
    if not outcome.violations:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    kept = folder / "history.pickle"
    kept.write_bytes(pickle.dumps(outcome.crowd.history))
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    sys.stdout.write(f"Broken with SEED={seed}. History and logs: {folder}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
