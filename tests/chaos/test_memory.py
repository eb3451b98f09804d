"""Many sockets that do not read: memory stays bounded, other clients are undisturbed, all catch up."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.support.processes import ServeProcess, serving
from tests.support.world import Json, SocketClient
from wasgo_chat.identity.tokens import SCOPES, mint_service, mint_user

STUCK = 20
MESSAGES = 120
WORDS = "😀" * 9900  # 40 kB each; without a limit all sockets would hold 96 MB
BOUND_MB = 40
READERS_AGAIN = 3


def memory_mb(served: ServeProcess) -> float:
    """The resident memory of all processes of a service."""
    pids = [served.process.pid, *served.workers()]
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * 4096 / 1e6


def bearer(served: ServeProcess, user: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint_user(served.settings, user, ttl_s=600)}"}


async def make_chat(served: ServeProcess) -> Json:
    headers = {"Authorization": f"Bearer {mint_service(served.settings, 'platform', list(SCOPES), ttl_s=600)}"}
    people = [{"user_id": user, "role": "participant"} for user in ("writer", "reader", "stuck")]
    async with httpx.AsyncClient(base_url=served.url, headers=headers) as client:
        made: Json = (await client.put("/jobs/memory/conversation/", json={"participants": people})).json()
        return made


async def join(
    stack: AsyncExitStack, served: ServeProcess, chat: Json, user: str, *, is_narrow: bool
) -> ClientConnection:
    """Open a socket and receive its `hello`; a narrow one has small buffers."""
    ends = socket.socket()
    if is_narrow:
        ends.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    ends.connect(("127.0.0.1", served.port))
    url = f"{served.ws_url}/ws/chat/{chat['id']}/"
    headers = bearer(served, user)
    connection = await stack.enter_async_context(
        connect(url, sock=ends, additional_headers=headers, ping_interval=None, max_size=None)
    )
    await SocketClient(connection).receive("hello")
    return connection


async def hears_all(connection: ClientConnection) -> None:
    live = SocketClient(connection)
    seen = 0
    while seen < MESSAGES:
        frame = await live.next_frame()
        if "seq" in frame and frame["type"] != "ack":
            seen += 1
            assert frame["seq"] == seen


async def test_sockets_that_do_not_read_take_bounded_memory(database: str, tmp_path: Path) -> None:
    changes = {
        "SEND_BUFFER_BYTES": "65536",
        "SLOW_SOCKET_S": "120",
        "HEARTBEAT_S": "120",
        "MAX_SOCKETS_PER_USER": "100",
    }
    async with serving(database, tmp_path / "log", workers=1, **changes) as served, AsyncExitStack() as stack:
        chat = await make_chat(served)
        reader = await join(stack, served, chat, "reader", is_narrow=False)
        writer = await stack.enter_async_context(
            httpx.AsyncClient(base_url=served.url, headers=bearer(served, "writer"))
        )
        stuck = [await join(stack, served, chat, "stuck", is_narrow=True) for _ in range(STUCK)]
        for one in stuck:
            one.transport.pause_reading()
        before = memory_mb(served)
        hearing = asyncio.create_task(hears_all(reader))
        most = before
        for number in range(MESSAGES):
            body = {"conversation": chat["id"], "content": f"{number} {WORDS}"}
            assert (await writer.post("/chat/messages/", json=body)).status_code == 201
            most = max(most, memory_mb(served))
        await hearing
        for one in stuck[:READERS_AGAIN]:
            one.transport.resume_reading()
        await asyncio.gather(*(hears_all(one) for one in stuck[:READERS_AGAIN]))
        most = max(most, memory_mb(served))
        for one in stuck:
            one.transport.abort()
    assert most - before < BOUND_MB, f"{most - before:.0f} MB for {STUCK} sockets"
