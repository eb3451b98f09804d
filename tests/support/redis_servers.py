"""A Valkey cluster, and a primary with a replica under Sentinels: real servers on loopback, for fault tests."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.support.world import PATIENCE_S, wait_for
from wasgo_chat.development.embedded import Valkey, free_port

SHARDS = 3
SERVICE = "chat"
_SLOTS = 16384
_NODE_TIMEOUT_MS = 600


class Node(Valkey):
    """A server on its own port, which it keeps over restarts."""

    def __init__(self, folder: Path, arguments: Sequence[str], first: Sequence[str] = ()) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(port=free_port(), arguments=[*first, "--dir", str(folder), *arguments])

    async def execute(self, *command: object) -> Any:
        """The reply to a command."""
        async with Redis(port=self.port, socket_timeout=5, decode_responses=True, protocol=2) as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call]  # the library has no types

    async def reports(self, section: str, line: str) -> bool:
        """Whether `INFO` or `CLUSTER INFO` has a line; False if the server does not reply."""
        with contextlib.suppress(RedisError, OSError):
            async with Redis(port=self.port, socket_timeout=5, protocol=2) as client:
                client.response_callbacks.clear()
                answer = await client.execute_command(*section.split())  # type: ignore[no-untyped-call]  # the library has no types
                return line.encode() in answer.splitlines()
        return False


class Cluster:
    """Three primaries, each with a replica."""

    def __init__(self, folder: Path) -> None:
        self.bus = {at: free_port() for at in range(2 * SHARDS)}
        self.nodes = [Node(folder / str(at), self._arguments(at)) for at in range(2 * SHARDS)]

    @property
    def url(self) -> str:
        """A URL with two of the nodes; the client discovers the others."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port},127.0.0.1:{self.nodes[1].port}"

    async def form(self) -> None:
        """Create the cluster; returns when every node knows it and every replica follows."""
        primaries, replicas = self.nodes[:SHARDS], self.nodes[SHARDS:]
        for at, node in enumerate(primaries):
            first, last = at * _SLOTS // SHARDS, (at + 1) * _SLOTS // SHARDS - 1
            await node.execute("CLUSTER", "ADDSLOTSRANGE", first, last)
            await node.execute("CLUSTER", "SET-CONFIG-EPOCH", at + 1)
        for at, node in enumerate(self.nodes[1:], 1):
            await self.nodes[0].execute("CLUSTER", "MEET", "127.0.0.1", node.port, self.bus[at])
        for node in self.nodes:
            await wait_for(node.reports, "CLUSTER INFO", f"cluster_known_nodes:{2 * SHARDS}")
        for primary, replica in zip(primaries, replicas, strict=True):
            name = await primary.execute("CLUSTER", "MYID")
            await retry(replica.execute, "CLUSTER", "REPLICATE", name)
        for node in self.nodes:
            await wait_for(node.reports, "CLUSTER INFO", "cluster_state:ok")
        for replica in replicas:
            await wait_for(replica.reports, "INFO replication", "master_link_status:up")

    async def owner(self, slot: int) -> Node:
        """The primary that owns a slot."""
        for node in self.nodes:
            with contextlib.suppress(RedisError, OSError):
                for first, last, primary, *_ in await node.execute("CLUSTER", "SLOTS"):
                    if first <= slot <= last:
                        return next(one for one in self.nodes if one.port == primary[1])
        raise AssertionError(f"slot {slot} has no owner")

    async def move(self, slot: int) -> None:
        """Move an empty slot to another primary, as a resharding does: the import raises the new owner's config epoch.

        Without the import, the new owner would give the slot back to a node with a higher config epoch.
        """
        before = await self.owner(slot)
        primaries = [one for one in self.nodes if await one.reports("INFO replication", "role:master")]
        after = next(one for one in primaries if one is not before)
        name, earlier = await after.execute("CLUSTER", "MYID"), await before.execute("CLUSTER", "MYID")
        await after.execute("CLUSTER", "SETSLOT", slot, "IMPORTING", earlier)
        await before.execute("CLUSTER", "SETSLOT", slot, "MIGRATING", name)
        for node in (after, before):
            await node.execute("CLUSTER", "SETSLOT", slot, "NODE", name)

    def _arguments(self, at: int) -> list[str]:
        options = {
            "cluster-enabled": "yes",
            "cluster-port": str(self.bus[at]),
            "cluster-node-timeout": str(_NODE_TIMEOUT_MS),
            "cluster-replica-validity-factor": "0",
            "repl-diskless-sync-delay": "0",
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]


class Sentinels:
    """A primary, a replica, and three Sentinels."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.primary = Node(folder / "one", ["--repl-diskless-sync-delay", "0"])
        self.replica = Node(
            folder / "two", ["--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", str(self.primary.port)]
        )
        self.sentinels: list[SentinelNode] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{watcher.port}" for watcher in self.sentinels)
        return f"redis+sentinel://{hosts}/0?service={SERVICE}"

    async def form(self) -> None:
        """Start all servers; returns when every Sentinel knows the replica and the other Sentinels."""
        await asyncio.to_thread(self.primary.start)
        await asyncio.to_thread(self.replica.start)
        await wait_for(self.replica.reports, "INFO replication", "master_link_status:up")
        for at in range(3):
            self.sentinels.append(SentinelNode(self._folder / f"sentinel-{at}", self.primary.port))
            await asyncio.to_thread(self.sentinels[at].start)
        await self._wait_agreed()

    async def wait_failed_over(self) -> None:
        """After a failover: wait until the old primary follows the new one, and every Sentinel reports it."""
        self.primary, self.replica = self.replica, self.primary
        # A Sentinel reconfigures an old primary after a delay; the service does not wait for that.
        await wait_for(self.replica.reports, "INFO replication", "master_link_status:up", patience_s=90)
        await self._wait_agreed()

    async def _wait_agreed(self) -> None:
        line = f"master0:name={SERVICE},status=ok,address=127.0.0.1:{self.primary.port},slaves=1,sentinels=3"
        for watcher in self.sentinels:
            await wait_for(watcher.reports, "INFO sentinel", line)

    def stop(self) -> None:
        for node in (*self.sentinels, self.primary, self.replica):
            node.stop()


class SentinelNode(Node):
    """A Sentinel, which keeps its state in its file."""

    def __init__(self, folder: Path, primary_port: int) -> None:
        file = folder / "sentinel.conf"
        super().__init__(folder, [], [str(file), "--sentinel"])
        file.write_text(
            f"sentinel monitor {SERVICE} 127.0.0.1 {primary_port} 2\n"
            f"sentinel down-after-milliseconds {SERVICE} 600\n"
            f"sentinel failover-timeout {SERVICE} 1000\n"
        )


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """A running cluster or Sentinel setup in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-cluster-") as folder:
        made = Cluster(Path(folder))
        try:
            for node in made.nodes:
                await asyncio.to_thread(node.start)
            await made.form()
            yield made
        finally:
            for node in made.nodes:
                node.stop()


@asynccontextmanager
async def sentinels() -> AsyncIterator[Sentinels]:
    """A running cluster or Sentinel setup in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-sentinel-") as folder:
        made = Sentinels(Path(folder))
        try:
            await made.form()
            yield made
        finally:
            made.stop()


async def retry(act: Callable[..., Awaitable[object]], *arguments: object) -> None:
    """Repeat a command until Redis accepts it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await act(*arguments)
            except RedisError:
                await asyncio.sleep(0.03)
            else:
                return
