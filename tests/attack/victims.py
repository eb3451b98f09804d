"""Users who only chat, while others attack: what they notice.

Each victim sends a message by socket, which a second socket receives, reads its list of conversations, and uploads a
picture of 64 pixels, each in its own rhythm. Ten pictures are sent in a message. They stay within their limits, so even
a 429 is damage.
"""

import asyncio
import contextlib
import io
import json
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.attack.attack import Attacker, User
from tests.attack.wire import Answer, Closed, Http, Socket, form, forwarded

VICTIMS = 4
MESSAGE_EVERY_S = 0.4
LIST_EVERY_S = 0.2
UPLOAD_EVERY_S = 1.3
FILES_OF_A_MESSAGE = 10
"""Uploads that are sent together, so that they do not count as unsent ones."""
LAG_EVERY_S = 0.02
PATIENCE_S = 12.0
OPERATIONS = ("message", "list", "upload", "files")


@dataclass
class Experience:
    """What the victims noticed in a period: seconds by operation, and what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in OPERATIONS})
    damage: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)

    @property
    def lag_s(self) -> float:
        """How late the machine runs a process that has slept: the 99th percentile."""
        return sorted(self.late)[int(0.99 * len(self.late))] if self.late else 0.0

    def quantile(self, operation: str, share: float) -> float:
        """A quantile of the seconds of an operation; 0 without any."""
        values = sorted(self.seconds[operation])
        return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0

    def worst(self, share: float = 1.0) -> float:
        """The largest of the operations' quantiles."""
        return max(self.quantile(operation, share) for operation in self.seconds)


def tiny_picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG")
    return out.getvalue()


class Victims:
    """All victims of one service."""

    def __init__(self, attacker: Attacker) -> None:
        self._means = attacker
        self._tasks: list[asyncio.Task[None]] = []
        self._period = Experience()
        self._pending: dict[object, tuple[str, float]] = {}
        self._picture = tiny_picture()

    async def start(self) -> None:
        self._tasks.append(asyncio.create_task(self._watch_machine()))
        for number in range(VICTIMS):
            ana, bo = self._means.user(f"ana-{number}"), self._means.user(f"bo-{number}")
            http = self._http(number)
            answer = await http.ask(
                "POST",
                "/chat/conversations/",
                {"conversation_type": "direct", "participant_ids": [bo.id]},
                token=ana.token,
            )
            assert answer.status == 201, answer.body
            chat = answer.json()["id"]
            http.close()
            loops = (self._messages(ana, bo, chat), self._lists(number, ana), self._uploads(number, ana, chat))
            for loop in loops:
                self._tasks.append(asyncio.create_task(loop))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException) and not isinstance(error, asyncio.CancelledError):
                raise error

    async def warm_up(self, uploads: int, patience_s: float) -> None:
        """Wait until so many uploads are done, or the patience ends; what happened meanwhile is forgotten."""
        deadline = time.monotonic() + patience_s
        while len(self._period.seconds["upload"]) < uploads and time.monotonic() < deadline:  # noqa: ASYNC110  sampled
            await asyncio.sleep(0.05)
        self.new_period()

    def new_period(self) -> Experience:
        """End a period and begin the next. What still waits counts in both, with the time up to now."""
        ended, self._period = self._period, Experience()
        for operation, began in self._pending.values():
            if (waited := time.monotonic() - began) > 0.5:
                ended.seconds[operation].append(waited)
        return ended

    def longest_wait(self) -> float:
        """How long the oldest operation has been waiting."""
        now = time.monotonic()
        return max((now - began for _, began in self._pending.values()), default=0.0)

    @contextlib.contextmanager
    def _timed(self, operation: str) -> Any:
        key = object()
        began = time.monotonic()
        self._pending[key] = (operation, began)
        try:
            yield
        finally:
            del self._pending[key]
            self._period.seconds[operation].append(time.monotonic() - began)

    async def _messages(self, ana: User, bo: User, chat: str) -> None:
        while True:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    sender = await Socket.open(self._means.port, f"/ws/chat/{chat}/", token=ana.token)
                    receiver = await Socket.open(self._means.port, f"/ws/chat/{chat}/", token=bo.token)
                    await sender.wait_for(type="hello")
                    await receiver.wait_for(type="hello")
                await self._converse(sender, receiver)
            except Closed as closed:
                self._period.damage[f"socket closed {closed.code}"] += 1
            except TimeoutError:
                self._period.damage[f"message: nothing for {PATIENCE_S:g} s"] += 1
            except OSError as error:
                self._period.damage[f"socket: {type(error).__name__}"] += 1
            await asyncio.sleep(0.3)

    async def _converse(self, sender: Socket, receiver: Socket) -> None:
        drain = asyncio.create_task(self._drain(sender))
        try:
            while True:
                key = secrets.token_hex(8)
                with self._timed("message"):
                    async with asyncio.timeout(PATIENCE_S):
                        await sender.send(type="send_message", content=key, client_id=key, ref=key)
                        while json.loads(await receiver.receive()).get("message", {}).get("content") != key:
                            pass
                await asyncio.sleep(MESSAGE_EVERY_S)
        finally:
            drain.cancel()
            sender.abort()
            receiver.abort()

    async def _watch_machine(self) -> None:
        while True:
            due = time.monotonic() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self._period.late.append(time.monotonic() - due)

    async def _lists(self, number: int, ana: User) -> None:
        http = self._http(number)
        while True:
            await self._request("list", http, "GET", "/chat/conversations/", ana)
            await asyncio.sleep(LIST_EVERY_S)

    async def _uploads(self, number: int, ana: User, chat: str) -> None:
        http = self._http(number)
        body, header = form({"conversation": chat}, [("file", "a.png", self._picture)])
        uploads: list[str] = []
        while True:
            answer = await self._request("upload", http, "POST", "/chat/attachments/", ana, body, header)
            if answer is not None and answer.status == 201:
                uploads.append(answer.json()["id"])
            if len(uploads) == FILES_OF_A_MESSAGE:
                sent = {"conversation": chat, "attachment_ids": uploads}
                await self._request("files", http, "POST", "/chat/messages/", ana, sent)
                uploads = []
            await asyncio.sleep(UPLOAD_EVERY_S)

    def _http(self, number: int) -> Http:
        return Http(self._means.port, more_headers=forwarded(f"8.8.8.{number}"))

    async def _request(
        self, operation: str, http: Http, method: str, path: str, user: User, body: Any = None, headers: str = ""
    ) -> Answer | None:
        try:
            with self._timed(operation):
                async with asyncio.timeout(PATIENCE_S):
                    answer = await http.ask(method, path, body, token=user.token, headers=headers)
            if answer.status not in (200, 201):
                self._period.damage[f"{operation}: {answer.status}"] += 1
            return answer
        except TimeoutError:
            http.close()
            self._period.damage[f"{operation}: nothing for {PATIENCE_S:g} s"] += 1
        except (OSError, asyncio.IncompleteReadError) as error:
            self._period.damage[f"{operation}: {type(error).__name__}"] += 1
        return None

    async def _drain(self, socket: Socket) -> None:
        """Read what the sender gets, so that its connection does not fill up."""
        with contextlib.suppress(Closed):
            while True:
                frame = json.loads(await socket.receive())
                if frame["type"] == "error":
                    self._period.damage[f"message: {frame['code']}"] += 1
