"""One connection to one node of a cluster, subscribed to sharded channels there. It never reconnects.

The broker (`redis_cluster`) decides which channels, and where they go when the connection ends.
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
    """Subscribes to channels on one node. The callbacks get the subscriber as their first argument.

    Args:
        address: host and port of the node.
        connection: not connected yet, RESP2, used by nothing else.
        on_message: called with the channel and the payload of a publication.
        on_subscribed: called with a channel that the node has confirmed.
        on_lost: called with a channel that the node has ended itself, as it does when its slot moves.
        on_refused: called with a slot that the node does not own; None if the node refuses all slots for now.
        on_ended: called with the error that ended the connection; never after `close`.
    """

    def __init__(
        self,
        address: Address,
        connection: AbstractConnection,
        *,
        on_message: Callable[["ShardSubscriber", str, bytes], None],
        on_subscribed: Callable[["ShardSubscriber", str], None],
        on_lost: Callable[["ShardSubscriber", str], None],
        on_refused: Callable[["ShardSubscriber", int | None], None],
        on_ended: Callable[["ShardSubscriber", Exception], None],
    ) -> None:
        self.address = address
        self.channels: set[str] = set()
        self._connection = connection
        self._on_message, self._on_subscribed, self._on_lost = on_message, on_subscribed, on_lost
        self._on_refused, self._on_ended = on_refused, on_ended
        self._unsubscribing: Counter[str] = Counter()
        self._commands: list[tuple[str, ...]] = []
        self._woken = asyncio.Event()
        self._last_reply_at = math.inf
        self._task = asyncio.create_task(self._run(), name="redis-shard-subscriber")

    def subscribe(self, channel: str) -> None:
        """Subscribe to a channel, once connected."""
        self.channels.add(channel)
        self._send("SSUBSCRIBE", channel)

    def unsubscribe(self, channel: str) -> None:
        """Unsubscribe from a channel."""
        self.channels.discard(channel)
        self._unsubscribing[channel] += 1
        self._send("SUNSUBSCRIBE", channel)

    async def close(self) -> None:
        """Close the connection."""
        await cancel_and_wait(self._task)

    def _send(self, *command: str) -> None:
        self._commands.append(command)
        self._woken.set()

    async def _run(self) -> None:
        try:
            await self._connection.connect()  # type: ignore[no-untyped-call]  # the library has no types
            self._last_reply_at = time.monotonic()
            loops = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
            try:
                done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
                await done.pop()
            finally:
                await cancel_and_wait(*loops)
        except CONNECTION_ERRORS as error:
            self._on_ended(self, error)
        except Exception as error:
            log.exception("shard_subscriber_failed")  # the broker assigns its channels again
            self._on_ended(self, error)
        finally:
            await self._connection.disconnect(nowait=True)

    async def _write(self) -> None:
        """Send queued commands together, and a ping each second."""
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
                reply = await self._connection.read_response(timeout=math.inf)
            except MovedError as error:
                self._forget_unsubscribing(error.slot_id)
                self._on_refused(self, error.slot_id)
            except ClusterDownError:
                self._forget_unsubscribing(None)
                self._on_refused(self, None)
            except ResponseError as error:
                raise ConnectionError(f"refused: {error}") from error  # perhaps without permission on this node
            else:
                self._last_reply_at = time.monotonic()
                if isinstance(reply, list):
                    self._handle_reply(reply)

    def _handle_reply(self, reply: list[Any]) -> None:
        kind = reply[0]
        if kind == b"smessage":
            self._on_message(self, reply[1].decode(), reply[2])
        elif kind == b"ssubscribe":
            self._on_subscribed(self, reply[1].decode())
        elif kind == b"sunsubscribe" and reply[1] is not None:
            channel = reply[1].decode()
            if self._unsubscribing[channel] > 0:
                self._unsubscribing[channel] -= 1
            elif channel in self.channels:
                self._on_lost(self, channel)
            if not self._unsubscribing[channel]:
                del self._unsubscribing[channel]

    def _forget_unsubscribing(self, slot: int | None) -> None:
        """Expect no reply to SUNSUBSCRIBE for these channels: the refusal may have been it.

        A later `sunsubscribe` for one of them means that the node has ended the channel.
        """
        for channel in list(self._unsubscribing):
            if slot is None or slot_of(channel) == slot:
                del self._unsubscribing[channel]


def slot_of(channel: str) -> int:
    """The slot of a channel, which decides on its shard."""
    return key_slot(channel.encode())
