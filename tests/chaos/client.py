"""One client of a chaos run: it keeps a socket open, sends, receives, marks as read, and retries.

It follows docs/protocol.md: it reconnects with `after_seq`, sends unacknowledged messages again with the same
`client_id` and in order, and applies events by revision. It records everything in the history.
"""

import asyncio
import contextlib
import json
import random
from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from tests.chaos.history import (
    ACKED,
    REFUSED,
    UNKNOWN,
    Conflict,
    MarkedRead,
    MessageCopy,
    ObservedLastRead,
    Send,
    Session,
    short,
)
from tests.chaos.shared_state import ContestedMessage, SharedState, now
from tests.support.world import Json

LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError, EOFError)
CONTESTED_PREFIX = "* "
UNANSWERED_PING = "keepalive ping timeout"
"""uvicorn's close reason after an unanswered ping: a lost connection, from the client's point of view."""
MIN_RETRY_DELAY_S, MAX_RETRY_DELAY_S = 0.05, 1.6
RETRYABLE = {"unavailable", "overloaded"}
"""Error codes after which the same message is sent again."""
FORBIDDEN_CLOSE_CODES = {1002, 1003, 1007, 1009, 1011, 4400, 4401, 4429}
"""Close codes that indicate a bug in the client or the service."""


class Client:
    """A client of a user, in one or several conversations.

    Args:
        shared: the state that clients share.
        name: the unique name of the client.
        user: the id of its user.
        chats: ids of its conversations; with `is_roaming` it follows them on one socket.
        interval: mean seconds between its messages; 0 for a client that sends none.
    """

    def __init__(
        self,
        crowd: SharedState,
        name: str,
        user: str,
        chats: list[str],
        *,
        interval: float,
        is_roaming: bool,
        words: str = "",
    ) -> None:
        self.shared, self.name, self.user, self.conversations = crowd, name, user, chats
        self.positions = dict.fromkeys(chats, 0)
        self.newest_seen = dict.fromkeys(chats, 0.0)
        """By conversation: when the newest received message was sent."""
        self.unanswered: dict[str, Send] = {}
        self.is_unavailable = False
        """Removed from the conversation, or not reading: recovery does not wait for it."""
        self.disconnect_after: int | None = None
        self.last_frame_at = now()
        self.copies: dict[str, MessageCopy] = {}
        self._interval, self._follows_many, self._padding = interval, is_roaming, words
        self._rng = random.Random(
            f"{crowd.rng.random()}"
        )  # a separate generator, so that clients do not influence each other
        self._sessions: dict[str, Session] = {}
        self._tries: dict[str, int] = {}
        self._requests: dict[str, asyncio.Future[Json | None]] = {}
        self._seen: deque[tuple[str, str]] = deque(maxlen=20)
        self._last_sent: Send | None = None
        self._count = 0
        self._ws: ClientConnection | None = None
        self._retry_delay_s = MIN_RETRY_DELAY_S
        crowd.history.copies[name] = self.copies

    @property
    def is_sender(self) -> bool:
        """Whether it sends messages."""
        return self._interval > 0

    # Used by faults

    def disconnect(self) -> None:
        """Abort the connection."""
        if self._ws is not None:
            self._ws.transport.abort()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop reading while the block runs."""
        ws = self._ws
        if ws is not None:
            ws.transport.pause_reading()
        self.is_unavailable = True
        try:
            yield
        finally:
            if ws is not None and not ws.transport.is_closing():
                ws.transport.resume_reading()
            self.is_unavailable = False
            self.last_frame_at = now()

    async def request(self, frame_type: str, **fields: Any) -> Json | None:
        """Send a frame; returns its `ack` or `error`, or None if the connection was lost."""
        ws = self._ws
        if ws is None:
            return None
        self._count += 1
        ref = f"?{self._count}"
        future = self._requests[ref] = asyncio.get_running_loop().create_future()
        try:
            await ws.send(json.dumps({"type": frame_type, "ref": ref, **fields}))
        except LOST:
            if not future.done():
                future.set_result(None)
        answer: Json | None = await future
        self._requests.pop(ref, None)
        return answer

    # Its connection

    async def run(self) -> None:
        """Connect and reconnect until the run is over."""
        while not self.shared.is_over:
            code: int | None = None
            try:
                await self._connect()
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.reason != UNANSWERED_PING:
                    code = closed.rcvd.code
            except LOST:
                pass  # connect again
            finally:
                self._end_sessions(code)
            self.shared.closes[str(code or "lost")] += 1
            if code in FORBIDDEN_CLOSE_CODES:
                self.shared.history.unexpected.append(f"{self.name} was closed with {code}")
            if self.unanswered and self._rng.random() < 0.3:
                await self._send_by_http()
            await asyncio.sleep(self._retry_delay_s * (0.5 + self._rng.random()))
            self._retry_delay_s = min(2 * self._retry_delay_s, MAX_RETRY_DELAY_S)

    async def _connect(self) -> None:
        """One connection from handshake to close."""
        asked_at = now()
        path = (
            "" if self._follows_many else f"{self.conversations[0]}/?after_seq={self.positions[self.conversations[0]]}"
        )
        url = f"ws://127.0.0.1:{self.shared.port()}/ws/chat/{path}"
        headers = {"Authorization": f"Bearer {self.shared.bearer(self.user)}"}
        async with connect(
            url, additional_headers=headers, max_size=None, compression=None, ping_interval=None, close_timeout=1,
            max_queue=None, proxy=None,
        ) as ws:  # fmt: skip
            self._ws, self.last_frame_at = ws, now()
            talking: asyncio.Task[None] | None = None
            try:
                async for data in ws:
                    self.last_frame_at = now()
                    frame: Json = msgspec.json.decode(data)
                    if frame["type"] == "hello" and self._follows_many:
                        for chat in self.conversations:
                            ask = {"type": "subscribe", "conversation_id": chat, "after_seq": self.positions[chat]}
                            await ws.send(json.dumps(ask))
                    elif frame["type"] in ("hello", "subscribed"):
                        self._on_hello(frame, asked_at)
                        if talking is None and len(self._sessions) == len(self.conversations):
                            talking = asyncio.create_task(self._send_messages(ws))
                    else:
                        self._on_frame(frame)
                    if self.shared.is_over:
                        return
            finally:
                self._ws = None
                for future in self._requests.values():
                    if not future.done():
                        future.set_result(None)
                if talking is not None:
                    talking.cancel()
                    await asyncio.wait([talking])
                    if not talking.cancelled() and (error := talking.exception()) and not isinstance(error, LOST):
                        raise error

    async def _send_messages(self, ws: ClientConnection) -> None:
        """Send unanswered messages again, in order; then new ones."""
        for send in list(self.unanswered.values()):
            await self._send(ws, send)
        while True:
            if self._interval == 0 or not self.shared.is_sending:
                await asyncio.sleep(0.2)
                continue
            await asyncio.sleep(self._interval * (0.5 + self._rng.random()))
            if len(self.unanswered) < self.shared.scale.window:
                await self._send(ws, self._new_message())
            if self._rng.random() < 0.02:
                await self._resend_otherwise(ws)
            if self._rng.random() < 0.05 and self._seen:
                await self._mark(ws)

    def _new_message(self) -> Send:
        self._count += 1
        client_id = f"{self.name}-{self._count}"
        star = CONTESTED_PREFIX if self._rng.random() < 0.03 else ""
        send = Send(
            self.name,
            self.user,
            self._rng.choice(self.conversations),
            client_id,
            f"{star}{client_id} {self._padding}",
            now(),
        )
        self.shared.sent_at[client_id] = send.sent_at
        self.shared.history.sends.append(send)
        self.unanswered[client_id] = send
        return send

    async def _send(self, ws: ClientConnection, send: Send) -> None:
        self._tries[send.client_id] = self._tries.get(send.client_id, 0) + 1
        body = {"content": send.content, "client_id": send.client_id, "conversation_id": send.conversation}
        await ws.send(json.dumps({"type": "send_message", "ref": send.client_id, **body}))

    async def _resend_otherwise(self, ws: ClientConnection) -> None:
        """Send the last message again over HTTP, and its client_id with other content over both."""
        send = self._last_sent
        if send is None:
            return
        body = {"conversation": send.conversation, "content": send.content, "client_id": send.client_id}
        answer = await self.shared.call("POST", "/chat/messages/", body, user=self.user)
        if answer is not None and answer[0] in (200, 201):
            send.acks.append((answer[1]["id"], answer[1]["seq"]))
        answer = await self.shared.call("POST", "/chat/messages/", {**body, "content": "other words"}, user=self.user)
        if answer is not None:
            outcome = ACKED if answer[0] in (200, 201) else REFUSED
            self.shared.history.conflicts.append(Conflict(self.user, send.conversation, send.client_id, outcome))
        body["conversation_id"] = body.pop("conversation")
        await ws.send(json.dumps({"type": "send_message", "ref": f"!{send.client_id}", **body, "content": "more"}))

    async def _send_by_http(self) -> None:
        """Send unanswered messages over HTTP, in order, while there is no socket."""
        for send in list(self.unanswered.values()):
            self._tries[send.client_id] = self._tries.get(send.client_id, 0) + 1
            body = {"conversation": send.conversation, "content": send.content, "client_id": send.client_id}
            answer = await self.shared.call("POST", "/chat/messages/", body, user=self.user)
            if answer is None:
                return
            if answer[0] in (200, 201):
                self._on_acked(send.client_id, answer[1]["id"], answer[1]["seq"])
            else:
                self._on_rejected(send.client_id, answer[1]["code"])

    async def _mark(self, ws: ClientConnection) -> None:
        chat, _ = self._seen[-1]
        ids = [message_id for where, message_id in self._seen if where == chat]
        if self._rng.random() < 0.3:
            answer = await self.shared.call("POST", f"/chat/conversations/{chat}/mark_read/", user=self.user)
            is_marked = answer is not None and answer[0] == 200
        else:
            ids = ids[-self._rng.randint(1, 10) :]
            answered = await self.request("mark_read", conversation_id=chat, message_ids=ids)
            is_marked = answered is not None and answered["type"] == "ack"
        if is_marked:
            self.shared.history.marked.append(MarkedRead(chat, self.user, ids))

    # What it receives

    def _on_hello(self, frame: Json, asked_at: float) -> None:
        chat = frame.get("conversation_id") or self.conversations[0]
        session = Session(self.name, self.user, chat, self.positions[chat], frame["last_seq"])
        self._sessions[chat] = session
        self._retry_delay_s = MIN_RETRY_DELAY_S
        self.shared.history.sessions.append(session)
        for user, seq in frame["reads"].items():
            self.shared.history.last_reads.append(ObservedLastRead(chat, user, seq, asked_at, now()))

    def _on_frame(self, frame: Json) -> None:
        kind = frame["type"]
        if kind in ("ack", "error"):
            self._on_reply(frame)
        elif "seq" in frame:
            self._on_event(frame)
        elif kind == "resync":
            self.shared.history.unexpected.append(f"{self.name} got {frame}")
        elif kind == "unsubscribed":
            session = self._sessions.pop(frame["conversation_id"], None)
            if session is not None:
                session.close = frame["code"]
                self.positions[session.conversation] = session.last()

    def _on_reply(self, frame: Json) -> None:
        ref = frame["ref"] or ""
        code = frame.get("code", "")
        if code in ("internal_error", "invalid", "malformed"):
            self.shared.history.unexpected.append(f"{self.name} got {frame}")
        if (future := self._requests.get(ref)) is not None:
            if not future.done():
                future.set_result(frame)
        elif ref.startswith("!"):
            outcome = ACKED if frame["type"] == "ack" else REFUSED
            self.shared.history.conflicts.append(Conflict(self.user, "", ref[1:], outcome))
        elif frame["type"] == "ack" and ref in self.unanswered:
            self._on_acked(ref, frame["message_id"], frame["seq"])
        elif frame["type"] == "error":
            self._on_rejected(ref, code)

    def _on_acked(self, client_id: str, message_id: str, seq: int) -> None:
        send = self.unanswered.pop(client_id, None)
        if send is None:
            return
        send.outcome = ACKED
        send.acks.append((message_id, seq))
        self._last_sent = send
        self._tries.pop(client_id, None)
        self.shared.acked += 1
        if send.content.startswith(CONTESTED_PREFIX):
            self.shared.contested.put_nowait(ContestedMessage(send.conversation, message_id, self.user))

    def _on_rejected(self, client_id: str, code: str) -> None:
        """A rejection of the only attempt proves that nothing was stored; a retryable error proves nothing."""
        if code in RETRYABLE or client_id not in self.unanswered:
            return
        if code == "idempotency_conflict":
            self.shared.history.unexpected.append(f"{client_id} was refused as a conflict with itself")
        send = self.unanswered.pop(client_id)
        send.outcome = REFUSED if self._tries.pop(client_id) == 1 else UNKNOWN

    def _on_event(self, frame: Json) -> None:
        chat, message = frame["conversation_id"], frame.get("message")
        message_id = message["id"] if message is not None else frame.get("message_id")
        session = self._sessions[chat]
        session.seqs.append(frame["seq"])
        session.ids.append(short(message_id))
        self.positions[chat] = frame["seq"]
        if message is not None and frame["type"] == "new_message" and message["sender"] is not None:
            asked_at = self.shared.sent_at.get(message["client_id"], 0.0)
            self.shared.delays.append(now() - asked_at)
            self.newest_seen[chat] = max(self.newest_seen[chat], asked_at)
            if message["sender"]["id"] != self.user:
                self._seen.append((chat, message["id"]))
        if message is not None:
            self._update_copy(message)
        elif frame["type"] == "reaction_update" and message_id in self.copies:
            self.copies[message_id] = (*self.copies[message_id][:3], _reactions(frame["reactions"]))
        if self.disconnect_after is not None:
            self.disconnect_after -= 1
            if self.disconnect_after <= 0:
                self.disconnect_after = None
                self.disconnect()

    def _update_copy(self, message: Json) -> None:
        content = message["content"] or ""
        known = self.copies.get(message["id"])
        if known is None and not content.startswith(CONTESTED_PREFIX) and message["revision"] == 1:
            return
        if known is None or message["revision"] >= known[0]:
            self.copies[message["id"]] = (
                message["revision"], message["is_deleted"], message["content"], _reactions(message["reactions"])
            )  # fmt: skip

    def _end_sessions(self, code: int | None) -> None:
        for session in self._sessions.values():
            session.close = code
        self._sessions.clear()


def _reactions(found: list[Json]) -> frozenset[tuple[str, str]]:
    return frozenset((user, one["emoji"]) for one in found for user in one["user_ids"])
