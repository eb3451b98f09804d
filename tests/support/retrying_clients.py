"""Clients that retry as docs/protocol.md specifies: with `after_seq`, and with the same `client_id`."""

import asyncio
import json

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.world import NO_TLS, Json

LOST = (ConnectionClosed, InvalidHandshake, OSError, TimeoutError)
PATIENCE_S = 90.0


class ReconnectingClient:
    """A user of one conversation, with all acks and all events in the order of their arrival."""

    def __init__(self, url: str, bearer: str, chat: Json, name: str) -> None:
        self._url = f"{url}/ws/chat/{chat['id']}/"
        self._headers = {"Authorization": f"Bearer {bearer}"}
        self.name = name
        self.acked: dict[str, int] = {}
        self.seen: list[int] = []
        self.reconnects = 0
        self.closes: list[tuple[int, str]] = []
        self._pending: dict[str, asyncio.Event] = {}

    async def run(self, messages: int, total: int) -> None:
        """Send `messages`, and receive until event `total`."""
        unsent = [f"{self.name}-{number}" for number in range(messages)]
        async with asyncio.timeout(PATIENCE_S):
            while len(self.acked) < messages or not self.seen or self.seen[-1] < total:
                last = self.seen[-1] if self.seen else 0
                try:
                    async with connect(f"{self._url}?after_seq={last}", additional_headers=self._headers) as ws:
                        await self._exchange(ws, unsent, total)
                except LOST as lost:
                    self.reconnects += 1
                    if isinstance(lost, ConnectionClosed) and lost.rcvd is not None:
                        self.closes.append((lost.rcvd.code, lost.rcvd.reason))
                    await asyncio.sleep(0.05)

    async def _exchange(self, ws: ClientConnection, unsent: list[str], total: int) -> None:
        current: str | None = None
        while True:
            if current is None and len(self.acked) < len(unsent):
                current = unsent[len(self.acked)]
                frame = {"type": "send_message", "content": current, "client_id": current, "ref": current}
                await ws.send(json.dumps(frame))
            frame = json.loads(await asyncio.wait_for(ws.recv(), 10))
            if frame["type"] == "ack":
                self.acked[str(frame["ref"])] = int(frame["seq"])
                current = None
            elif frame["type"] == "error":
                current = None
            elif "seq" in frame:
                self.seen.append(int(frame["seq"]))
            if len(self.acked) == len(unsent) and self.seen and self.seen[-1] >= total:
                return


class RetryingSender:
    """Sends over HTTP, on a new connection each time, and retries until there is a response."""

    def __init__(self, url: str, bearer: str, chat: Json, name: str) -> None:
        self._url = f"{url}/chat/messages/"
        self._headers = {"Authorization": f"Bearer {bearer}"}
        self._chat = chat
        self.name = name
        self.acked: dict[str, int] = {}
        self.answers: set[int] = set()

    async def run(self, messages: int) -> None:
        """Send `messages`, one after the other."""
        async with asyncio.timeout(PATIENCE_S):
            while len(self.acked) < messages:
                client_id = f"{self.name}-{len(self.acked)}"
                body = {"conversation": self._chat["id"], "content": client_id, "client_id": client_id}
                try:
                    async with httpx.AsyncClient(headers=self._headers, verify=NO_TLS) as client:
                        answer = await client.post(self._url, json=body)
                except httpx.TransportError:
                    continue
                self.answers.add(answer.status_code)
                if answer.status_code in (200, 201):
                    self.acked[client_id] = answer.json()["seq"]
                elif answer.status_code == 503:
                    await asyncio.sleep(float(answer.headers["retry-after"]))
