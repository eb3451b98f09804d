"""A socket that does not read: others are undisturbed, memory is bounded, and it catches up or is closed."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.gateway.sockets import connect_notifications, refuse_frames
from tests.support.workers import Worker, make_settings
from tests.support.world import Json, Person, SocketClient, World, wait_until, world_with

MESSAGES = 50
WORDS = "😀" * 9900  # 40 kB each


async def receive_seqs(live: SocketClient, up_to: int) -> list[int]:
    found: list[int] = []
    while not found or found[-1] < up_to:
        frame = await live.next_frame()
        if frame["type"] == "new_message":
            found.append(frame["seq"])
    return found


def narrow_socket(worker: Worker) -> socket.socket:
    """A connection with small buffers at both ends, so that few messages fit between them."""
    for server in worker.server.servers:
        for listener in server.sockets:  # accepted connections inherit the size
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", worker.port))
    return narrow


@asynccontextmanager
async def stuck_at(world: World, person: Person, chat: Json) -> AsyncIterator[ClientConnection]:
    """A socket that stopped reading after its `hello`, with small buffers at both ends."""
    async with connect(
        f"{world.worker.ws_url}/ws/chat/{chat['id']}/",
        sock=narrow_socket(world.worker),
        additional_headers={"Authorization": f"Bearer {person.bearer}"},
        ping_interval=None,
        max_size=None,
    ) as connection:
        await SocketClient(connection).receive("hello")
        connection.transport.pause_reading()
        try:
            yield connection
        finally:
            connection.transport.abort()  # a close would wait ten seconds for an answer that is not read


async def write_much(ana: Person, chat: Json) -> None:
    for at in range(0, MESSAGES, 25):
        await asyncio.gather(*(ana.send(chat, f"{at + one} {WORDS}") for one in range(25)))


async def test_a_socket_without_room_for_a_frame_sent_only_once_is_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    refuse_frames(monkeypatch, b'"resync"', b'"notification"')
    async with bo.connect(chat, after_seq=999) as live:
        assert (await live.wait_closed())[0] == 4408
    async with connect_notifications(bo, world.worker) as live:
        await live.wait_for("unread_counts")
        await ana.send(chat)
        with pytest.raises(ConnectionClosed) as closed:
            await live.wait_for("notification")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4408


async def test_a_socket_that_keeps_lagging_is_closed_and_others_get_everything(database: str) -> None:
    settings = make_settings(database, send_buffer_bytes=65_536, slow_socket_s=1, reconcile_s=0.1)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with ana.connect(chat) as a, stuck_at(world, bo, chat) as stuck:
            hearing = asyncio.create_task(receive_seqs(a, MESSAGES))
            await write_much(ana, chat)
            assert await hearing == list(range(1, MESSAGES + 1))
            await wait_until(lambda: bo.id not in world.worker.hub.peers)
            stuck.transport.resume_reading()


async def test_a_socket_that_reads_again_in_time_catches_up(database: str) -> None:
    settings = make_settings(database, send_buffer_bytes=65_536, slow_socket_s=60, reconcile_s=0.1)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with stuck_at(world, bo, chat) as slow:
            live = SocketClient(slow)
            await write_much(ana, chat)
            channel = next(iter(world.worker.hub.channels.values()))
            assert [one.live for one in channel.subscriptions] == [False], "the test did not fill the buffers"
            slow.transport.resume_reading()
            assert await receive_seqs(live, MESSAGES) == list(range(1, MESSAGES + 1))
            await ana.send(chat, "live again")
            assert await receive_seqs(live, MESSAGES + 1) == [MESSAGES + 1]


async def test_a_frame_larger_than_the_send_buffer_fits_into_an_empty_one(database: str) -> None:
    async with world_with(make_settings(database, send_buffer_bytes=65_536, max_content_chars=30_000)) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        large = "😀" * 20_000
        async with bo.connect(chat) as b:
            await ana.send(chat, large)
            assert (await b.receive("new_message"))["message"]["content"] == large
        async with bo.connect(chat, after_seq=0) as b:
            assert (await b.receive("new_message"))["message"]["content"] == large
            await ana.send(chat, "and on")
            assert (await b.receive("new_message"))["seq"] == 2


async def test_a_connection_whose_peer_never_reads_is_gone_after_its_close(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wasgo_chat.server.websocket_protocol.FLUSH_S", 0.1)
    settings = make_settings(database, send_buffer_bytes=65_536, slow_socket_s=0.2, reconcile_s=0.1)
    async with world_with(settings) as world:
        ana, bo = world.people("ana", "bo")
        chat = await ana.direct(bo)
        async with stuck_at(world, bo, chat):
            before = len(world.worker.server.server_state.connections)
            await write_much(ana, chat)
            await wait_until(lambda: bo.id not in world.worker.hub.peers)
            await wait_until(lambda: len(world.worker.server.server_state.connections) < before)
