"""One connection to one node of a cluster, which follows sharded channels there and never mends itself in silence.

Which channels, and where else when it ends, is the broker's business (`cluster.py`).
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import ClusterDownError, MovedError, ResponseError

from wasgo_chat.core.tasks import cancel_and_wait
from wasgo_chat.pubsub.redis_base import CONNECTION_ERRORS, SILENCE_S

log = structlog.get_logger(__name__)

Address = tuple[str, int]
_PING_S = 1.0


class ShardSubscriber:
    """Follows channels at a node. The callbacks get this ear first.

    Args:
        address: host and port of the node.
        connection: not connected yet, RESP2, for nobody else.
        on_message: channel and payload of a publication.
        on_joined: a channel that the node confirmed.
        on_lost: a channel that the node ended by itself, as it does when its slot moves.
        on_refused: a slot that is not of this node; None where the node refuses all slots for now.
        on_ended: why there is no connection any more. Never called after `close`.
    """

    def __init__(
        self,
        address: Address,
        connection: AbstractConnection,
        *,
        on_message: Callable[["ShardSubscriber", str, bytes], None],
        on_joined: Callable[["ShardSubscriber", str], None],
        on_lost: Callable[["ShardSubscriber", str], None],
        on_refused: Callable[["ShardSubscriber", int | None], None],
        on_ended: Callable[["ShardSubscriber", Exception], None],
    ) -> None:
        self.address = address
        self.channels: set[str] = set()
        self._connection = connection
        self._on_message, self._on_joined, self._on_lost = on_message, on_joined, on_lost
        self._on_refused, self._on_ended = on_refused, on_ended
        self._unsubscribing: Counter[str] = Counter()
        self._commands: list[tuple[str, ...]] = []
        self._woken = asyncio.Event()
        self._last_reply_at = math.inf
        self._task = asyncio.create_task(self._run(), name="redis-ear")

    def subscribe(self, channel: str) -> None:
        """Follow a channel, as soon as there is a connection."""
        self.channels.add(channel)
        self._command("SSUBSCRIBE", channel)

    def unsubscribe(self, channel: str) -> None:
        """Follow it no more."""
        self.channels.discard(channel)
        self._unsubscribing[channel] += 1
        self._command("SUNSUBSCRIBE", channel)

    async def close(self) -> None:
        """End the connection."""
        await cancel_and_wait(self._task)

    def _command(self, *command: str) -> None:
        self._commands.append(command)
        self._woken.set()

    async def _run(self) -> None:
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]  # the library has no types
            self._last_reply_at = time.monotonic()
            halves = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
            try:
                done, _ = await asyncio.wait(halves, return_when=asyncio.FIRST_COMPLETED)
                await done.pop()
            finally:
                await cancel_and_wait(*halves)
        except CONNECTION_ERRORS as error:
            self._on_ended(self, error)
        except Exception as error:
            log.exception("ear_failed")  # its channels find another home, or this one again
            self._on_ended(self, error)
        finally:
            await self._connection.disconnect(nowait=True)

    async def _write(self) -> None:
        """What is to be said, all of it at once, and a ping each second."""
        pinged_at = 0.0
        while True:
            try:
                async with asyncio.timeout(_PING_S):
                    await self._woken.wait()
            except TimeoutError:
                if time.monotonic() - self._last_reply_at > SILENCE_S:
                    raise TimeoutError("no answer to ping") from None
            self._woken.clear()
            commands, self._commands = self._commands, []
            if time.monotonic() - pinged_at >= _PING_S:
                pinged_at = time.monotonic()
                commands.append(("PING",))
            if commands:
                packed = self._connection.pack_commands(commands)
                await self._connection.send_packed_command(packed, check_health=False)

    async def _read(self) -> None:
        while True:
            try:
                answer = await self._connection.read_response(timeout=math.inf)
            except MovedError as error:
                self._confirm_unsubscribed(error.slot_id)
                self._on_refused(self, error.slot_id)
            except ClusterDownError:
                self._confirm_unsubscribed(None)
                self._on_refused(self, None)
            except ResponseError as error:
                raise ConnectionError(f"refused: {error}") from error  # no right to it, perhaps: not to be had here
            else:
                self._last_reply_at = time.monotonic()
                if isinstance(answer, list):
                    self._take(answer)

    def _take(self, answer: list[Any]) -> None:
        kind = answer[0]
        if kind == b"smessage":
            self._on_message(self, answer[1].decode(), answer[2])
        elif kind == b"ssubscribe":
            self._on_joined(self, answer[1].decode())
        elif kind == b"sunsubscribe" and answer[1] is not None:
            channel = answer[1].decode()
            if self._unsubscribing[channel] > 0:
                self._unsubscribing[channel] -= 1
            elif channel in self.channels:
                self._on_lost(self, channel)
            if not self._unsubscribing[channel]:
                del self._unsubscribing[channel]

    def _confirm_unsubscribed(self, slot: int | None) -> None:
        """A refusal may be the answer to leaving: then no other comes, and one without having left is a loss."""
        for channel in list(self._unsubscribing):
            if slot is None or slot_of(channel) == slot:
                del self._unsubscribing[channel]


def slot_of(channel: str) -> int:
    """The slot of a channel, which decides on the shard."""
    return key_slot(channel.encode())
