"""`make chaos`: hurt a running service for some minutes while clients talk, then hold what they saw to the database.

    python -m tests.chaos.run --minutes 25 --seed 7

Exit code 1 where a rule is broken; the history and the logs are kept then.
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
from tests.chaos.clients import Crowd, Size, now
from tests.chaos.environment import Stage
from tests.chaos.faults import Faults
from tests.chaos.report import Outcome, progress, summary
from tests.chaos.rules import check
from tests.chaos.truth import read_truth

LONG = Size(chats=12, senders=5, rate=300.0, longest_s=4.0)
# A narrow outbox, so that clients that do not read leave the live stream within seconds.
SERVICE = {"OUTBOX_BYTES": "65536", "SLOW_SOCKET_S": "2", "DATABASE_POOL_SIZE": "6"}
SILENCE_S = 20.0
REST_S = 90.0
CALM = 4
LARGE = "😀" * 2000


class Run:
    """One run, from the first start to the verdict."""

    def __init__(self, folder: Path, size: Size, seed: int, *, durable: bool, serves: int = 2) -> None:
        self.rng = random.Random(seed)
        self.stage = Stage(folder, serves=serves, durable=durable, service=SERVICE)
        self.crowd = Crowd(self.stage, size, self.rng)
        self.clients: list[Client] = []
        self.flapping: dict[Client, str] = {}
        self.started_at = now()
        self.faults: Faults

    async def prepare(self) -> None:
        """Servers and conversations; then everybody comes."""
        await self.stage.start()
        size = self.crowd.size
        interval = size.chats * size.senders / size.rate
        chats: list[str] = []
        for number in range(size.chats):
            users = [f"user-{number}-{one}" for one in range(size.senders)]
            flapper = f"flapper-{number}"
            roles = dict.fromkeys([*users, flapper, "roamer-0", "roamer-1"], "participant") | {users[0]: "admin"}
            chat = await self.crowd.make_chat(number, roles)
            chats.append(chat)
            words = LARGE if number == 0 else ""
            self.clients += [self._client(user, user, [chat], interval, words=words) for user in users]
            self.flapping[self._client(flapper, flapper, [chat], 2.0)] = users[0]
            for user in users[1:]:  # one in each conversation is notified: the run is about messages
                await self.crowd.insist("PUT", "/chat/notifications/preferences/", {"level": "none"}, user=user)
        self.clients.append(self._client("second-device", "user-1-0", [chats[1]], interval))
        self.clients += [self._client(f"roamer-{one}", f"roamer-{one}", chats, 1.0, is_roaming=True) for one in (0, 1)]
        self.faults = Faults(self.stage, self.crowd, self.clients, self.flapping, self.rng, longest_s=size.longest_s)

    def _client(
        self, name: str, user: str, chats: list[str], interval: float, *, words: str = "", is_roaming: bool = False
    ) -> Client:
        return Client(self.crowd, name, user, chats, interval=interval, words=words, is_roaming=is_roaming)

    @property
    def everybody(self) -> list[Client]:
        """All clients."""
        return [*self.clients, *self.flapping]

    async def during(self, *lanes: Callable[[], Awaitable[None]]) -> None:
        """Let everybody talk while the lanes run; then come to rest, and end."""
        living = [asyncio.create_task(client.live(), name=client.name) for client in self.everybody]
        watching = [asyncio.create_task(self._watch()), *(asyncio.create_task(self._meddle()) for _ in range(2))]
        try:
            await asyncio.gather(*(lane() for lane in lanes))
            self.crowd.is_sending = False
            # What is being said to the service is said to its end: what it does afterwards nobody would wait for.
            while not self.crowd.starred.empty():
                self.crowd.starred.get_nowait()
            for _ in watching[1:]:
                self.crowd.starred.put_nowait(None)
            await asyncio.gather(*watching[1:])
            await self._come_to_rest()
        finally:
            self.crowd.is_over = True
            for task in watching:
                task.cancel()
            for client in self.everybody:
                client.cut()
            results = await asyncio.gather(*living, *watching, return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error

    async def verdict(self) -> Outcome:
        """Hold the history to the truth."""
        crowd = self.crowd
        places: dict[str, list[str]] = {}
        for client in self.everybody:
            places[client.user] = client.chats
        await crowd.count_unread(places)
        truth = await read_truth(self.stage.database_url)
        for one in self.stage.serves:
            if one.process.poll() is not None:
                crowd.history.oddities.append(f"the serve at {one.port} ended by itself")
        for client in self.everybody:
            crowd.history.at_rest |= {(client.name, chat) for chat in client.chats}
        broken = await asyncio.to_thread(check, crowd.history, truth)
        return Outcome(crowd, self.faults, broken, self.stage.logs, now() - self.started_at)

    async def close(self) -> None:
        """End everything."""
        await self.crowd.close()
        await self.stage.stop()

    async def _meddle(self) -> None:
        while (starred := await self.crowd.starred.get()) is not None:
            await self.faults.meddle(starred)

    async def _watch(self) -> None:
        """A client that hears nothing for long reconnects, as one behind a dead network does."""
        while True:
            await asyncio.sleep(1)
            for client in self.everybody:
                if now() - client.heard_at > SILENCE_S and not client.is_away and self.crowd.is_sending:
                    client.heard_at = now()
                    client.cut()

    async def _come_to_rest(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REST_S):
                while any(client.unanswered for client in self.everybody):  # noqa: ASYNC110  nothing to wait for
                    await asyncio.sleep(0.1)
                calm = 0
                while calm < CALM:  # a request that nobody answered may still take effect
                    calm = calm + 1 if await self._all_seen() else 0
                    await asyncio.sleep(0.2)

    async def _all_seen(self) -> bool:
        heads = {
            row["id"]: row["last_seq"] for row in await self.stage.sql("SELECT id::text, last_seq FROM conversations")
        }
        return all(client.stand[chat] == heads[chat] for client in self.everybody for chat in client.chats)


async def long_run(minutes: float, seed: int, folder: Path) -> Outcome:
    """Faults at random for so many minutes."""
    run = Run(folder, LONG, seed, durable=True)
    rng, until = run.rng, 0.0

    async def cheap() -> None:
        weights = {"cut a client": 5, "cut at a later frame": 3, "cut before the ack": 3, "remove and add a member": 3}
        kinds = list(run.faults.cheap)
        while now() < until:
            await run.faults.strike(rng.choices(kinds, [weights.get(kind, 1) for kind in kinds])[0])

    async def costly() -> None:
        kinds: list[str] = []
        while now() < until:
            kinds = kinds or rng.sample(list(run.faults.costly), len(run.faults.costly))
            await run.faults.calm()
            await run.faults.strike(kinds.pop())
            await asyncio.sleep(6 * rng.random())

    async def tell() -> None:
        told = 0
        while now() < until:
            await asyncio.sleep(min(10.0, max(0.0, until - now())))
            told = progress(run.crowd, run.faults, now() - run.started_at, told)

    try:
        await run.prepare()
        until = now() + minutes * 60
        await run.during(cheap, cheap, costly, tell)
        return await run.verdict()
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
    if not outcome.broken:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    kept = folder / "history.pickle"
    kept.write_bytes(pickle.dumps(outcome.crowd.history))
    shutil.rmtree(folder / "postgres", ignore_errors=True)
    sys.stdout.write(f"Broken with SEED={seed}. History and logs: {folder}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
