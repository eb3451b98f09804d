"""Helpers for tests of sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.workers import Worker
from tests.support.world import Json, Person, SocketClient
from wasgo_chat.gateway.send_buffer import TransportBuffer


async def receive_seqs(live: SocketClient, up_to: int) -> list[int]:
    """Receive events up to a seq; returns their seqs in the order of arrival."""
    found: list[int] = []
    while not found or found[-1] != up_to:
        frame = await live.next_frame()
        if "seq" in frame and frame["type"] != "ack":
            found.append(frame["seq"])
    return found


async def send_messages(sender: Person, chat: Json, count: int) -> None:
    for number in range(count):
        await sender.send(chat, f"message {number}")


def refuse_frames(monkeypatch: pytest.MonkeyPatch, *kinds: bytes) -> None:
    """Make send buffers refuse frames that contain one of these texts, as if they were full at that moment."""
    real = TransportBuffer.put
    monkeypatch.setattr(
        TransportBuffer, "put", lambda self, data: not any(kind in data for kind in kinds) and real(self, data)
    )


async def receive_until_closed(live: SocketClient) -> tuple[list[Json], int]:
    """Receive until the close; returns the frames and the close code."""
    frames: list[Json] = []

    async def listen() -> None:
        while True:
            frames.append(await live.next_frame())

    with pytest.raises(ConnectionClosed) as closed:
        await listen()
    assert closed.value.rcvd is not None
    return frames, closed.value.rcvd.code


@asynccontextmanager
async def connect_notifications(person: Person, worker: Worker) -> AsyncIterator[SocketClient]:
    """Open a notification socket and receive its `hello`."""
    headers = {"Authorization": f"Bearer {person.bearer}"}
    async with connect(f"{worker.ws_url}/ws/notifications/", additional_headers=headers) as connection:
        live = SocketClient(connection)
        live.hello = await live.receive("hello")
        yield live
