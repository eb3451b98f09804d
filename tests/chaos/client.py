"""One client of a chaos run: keeps a socket, sends, sees, reads, and never gives up.

It obeys docs/protocol.md: reconnects with `after_seq`, sends what was not acked again with the same `client_id`, in
order, and applies what it sees by revision. Everything goes into the history.
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

from tests.chaos.clients import Crowd, Starred, now
from tests.chaos.history import (
    ACKED,
    REFUSED,
    UNKNOWN,
    Conflict,
    Copy,
    LastRead,
    Marked,
    Send,
    Session,
    short,
)
from tests.support.world import Json

LOST = (ConnectionClosed, InvalidHandshake, InvalidMessage, OSError, TimeoutError, EOFError)
STAR = "* "
UNANSWERED_PING = "keepalive ping timeout"
"""uvicorn's reason where we did not answer for long: a lost connection, as far as a client goes."""
PATIENCE_S, LONGEST_PATIENCE_S = 0.05, 1.6
LATER = {"unavailable", "overloaded"}
"""Error codes after which the same is sent again."""
NEVER = {1002, 1003, 1007, 1009, 1011, 4400, 4401, 4429}
"""Close codes that say that a client or the service is broken."""


class Client:
    """A user's client at one or several conversations.

    Args:
        crowd: what clients share.
        name: of the client, unique; `user` is whose it is.
        chats: conversations it follows, on one socket for many where `is_roaming`.
        interval: mean seconds between its messages; 0 for one that only listens.
    """

    def __init__(
        self,
        crowd: Crowd,
        name: str,
        user: str,
        chats: list[str],
        *,
        interval: float,
        is_roaming: bool,
        words: str = "",
    ) -> None:
        self.crowd, self.name, self.user, self.chats = crowd, name, user, chats
        self.stand = dict.fromkeys(chats, 0)
        self.fresh = dict.fromkeys(chats, 0.0)
        """By conversation: when the newest message that was seen was asked for."""
        self.unanswered: dict[str, Send] = {}
        self.is_away = False
        """Removed from the conversation, or not reading: nobody waits for it."""
        self.cut_after: int | None = None
        self.heard_at = now()
        self.copies: dict[str, Copy] = {}
        self._interval, self._is_roaming, self._words = interval, is_roaming, words
        self._rng = random.Random(f"{crowd.rng.random()}")  # its own, so that one client's luck does not move others'
        self._sessions: dict[str, Session] = {}
        self._tries: dict[str, int] = {}
        self._asks: dict[str, asyncio.Future[Json | None]] = {}
        self._seen: deque[tuple[str, str]] = deque(maxlen=20)
        self._last_sent: Send | None = None
        self._count = 0
        self._ws: ClientConnection | None = None
        self._patience_s = PATIENCE_S
        crowd.history.copies[name] = self.copies

    @property
    def sends(self) -> bool:
        """Whether it says anything."""
        return self._interval > 0

    # What faults do to it

    def cut(self) -> None:
        """Lose the connection at once, as when a train enters a tunnel."""
        if self._ws is not None:
            self._ws.transport.abort()

    @contextlib.contextmanager
    def not_reading(self) -> Iterator[None]:
        """Stop reading while the block runs."""
        ws = self._ws
        if ws is not None:
            ws.transport.pause_reading()
        self.is_away = True
        try:
            yield
        finally:
            if ws is not None and not ws.transport.is_closing():
                ws.transport.resume_reading()
            self.is_away = False
            self.heard_at = now()

    async def ask(self, frame_type: str, **fields: Any) -> Json | None:
        """Say something over the socket; its `ack` or `error`, None where the connection was lost on the way."""
        ws = self._ws
        if ws is None:
            return None
        self._count += 1
        ref = f"?{self._count}"
        future = self._asks[ref] = asyncio.get_running_loop().create_future()
        try:
            await ws.send(json.dumps({"type": frame_type, "ref": ref, **fields}))
        except LOST:
            if not future.done():
                future.set_result(None)
        answer: Json | None = await future
        self._asks.pop(ref, None)
        return answer

    # Its life

    async def live(self) -> None:
        """Be there until the run is over."""
        while not self.crowd.is_over:
            code: int | None = None
            try:
                await self._connect()
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.reason != UNANSWERED_PING:
                    code = closed.rcvd.code
            except LOST:
                pass  # and try again, as every client must
            finally:
                self._end_sessions(code)
            self.crowd.closes[str(code or "lost")] += 1
            if code in NEVER:
                self.crowd.history.oddities.append(f"{self.name} was closed with {code}")
            if self.unanswered and self._rng.random() < 0.3:
                await self._say_by_http()
            await asyncio.sleep(self._patience_s * (0.5 + self._rng.random()))
            self._patience_s = min(2 * self._patience_s, LONGEST_PATIENCE_S)

    async def _connect(self) -> None:
        """One connection from handshake to close."""
        asked_at = now()
        path = "" if self._is_roaming else f"{self.chats[0]}/?after_seq={self.stand[self.chats[0]]}"
        url = f"ws://127.0.0.1:{self.crowd.port()}/ws/chat/{path}"
        headers = {"Authorization": f"Bearer {self.crowd.bearer(self.user)}"}
        async with connect(
            url, additional_headers=headers, max_size=None, compression=None, ping_interval=None, close_timeout=1,
            max_queue=None, proxy=None,
        ) as ws:  # fmt: skip
            self._ws, self.heard_at = ws, now()
            talking: asyncio.Task[None] | None = None
            try:
                async for data in ws:
                    self.heard_at = now()
                    frame: Json = msgspec.json.decode(data)
                    if frame["type"] == "hello" and self._is_roaming:
                        for chat in self.chats:
                            ask = {"type": "subscribe", "conversation_id": chat, "after_seq": self.stand[chat]}
                            await ws.send(json.dumps(ask))
                    elif frame["type"] in ("hello", "subscribed"):
                        self._greeted(frame, asked_at)
                        if talking is None and len(self._sessions) == len(self.chats):
                            talking = asyncio.create_task(self._talk(ws))
                    else:
                        self._take(frame)
                    if self.crowd.is_over:
                        return
            finally:
                self._ws = None
                for future in self._asks.values():
                    if not future.done():
                        future.set_result(None)
                if talking is not None:
                    talking.cancel()
                    await asyncio.wait([talking])
                    if not talking.cancelled() and (error := talking.exception()) and not isinstance(error, LOST):
                        raise error

    async def _talk(self, ws: ClientConnection) -> None:
        """What was not answered first, in its order; then new words."""
        for send in list(self.unanswered.values()):
            await self._say(ws, send)
        while True:
            if self._interval == 0 or not self.crowd.is_sending:
                await asyncio.sleep(0.2)
                continue
            await asyncio.sleep(self._interval * (0.5 + self._rng.random()))
            if len(self.unanswered) < self.crowd.size.window:
                await self._say(ws, self._new_words())
            if self._rng.random() < 0.02:
                await self._say_otherwise(ws)
            if self._rng.random() < 0.05 and self._seen:
                await self._mark(ws)

    def _new_words(self) -> Send:
        self._count += 1
        client_id = f"{self.name}-{self._count}"
        star = STAR if self._rng.random() < 0.03 else ""
        send = Send(
            self.name, self.user, self._rng.choice(self.chats), client_id, f"{star}{client_id} {self._words}", now()
        )
        self.crowd.asked[client_id] = send.asked_at
        self.crowd.history.sends.append(send)
        self.unanswered[client_id] = send
        return send

    async def _say(self, ws: ClientConnection, send: Send) -> None:
        self._tries[send.client_id] = self._tries.get(send.client_id, 0) + 1
        body = {"content": send.content, "client_id": send.client_id, "conversation_id": send.conversation}
        await ws.send(json.dumps({"type": "send_message", "ref": send.client_id, **body}))

    async def _say_otherwise(self, ws: ClientConnection) -> None:
        """The last words once more, by the other door; and the same name for other words."""
        send = self._last_sent
        if send is None:
            return
        body = {"conversation": send.conversation, "content": send.content, "client_id": send.client_id}
        answer = await self.crowd.call("POST", "/chat/messages/", body, user=self.user)
        if answer is not None and answer[0] in (200, 201):
            send.acks.append((answer[1]["id"], answer[1]["seq"]))
        answer = await self.crowd.call("POST", "/chat/messages/", {**body, "content": "other words"}, user=self.user)
        if answer is not None:
            outcome = ACKED if answer[0] in (200, 201) else REFUSED
            self.crowd.history.conflicts.append(Conflict(self.user, send.conversation, send.client_id, outcome))
        body["conversation_id"] = body.pop("conversation")
        await ws.send(json.dumps({"type": "send_message", "ref": f"!{send.client_id}", **body, "content": "more"}))

    async def _say_by_http(self) -> None:
        """What was not answered, in its order, while there is no socket."""
        for send in list(self.unanswered.values()):
            self._tries[send.client_id] = self._tries.get(send.client_id, 0) + 1
            body = {"conversation": send.conversation, "content": send.content, "client_id": send.client_id}
            answer = await self.crowd.call("POST", "/chat/messages/", body, user=self.user)
            if answer is None:
                return
            if answer[0] in (200, 201):
                self._acked(send.client_id, answer[1]["id"], answer[1]["seq"])
            else:
                self._refused(send.client_id, answer[1]["code"])

    async def _mark(self, ws: ClientConnection) -> None:
        chat, _ = self._seen[-1]
        ids = [message_id for where, message_id in self._seen if where == chat]
        if self._rng.random() < 0.3:
            answer = await self.crowd.call("POST", f"/chat/conversations/{chat}/mark_read/", user=self.user)
            is_marked = answer is not None and answer[0] == 200
        else:
            ids = ids[-self._rng.randint(1, 10) :]
            answered = await self.ask("mark_read", conversation_id=chat, message_ids=ids)
            is_marked = answered is not None and answered["type"] == "ack"
        if is_marked:
            self.crowd.history.marked.append(Marked(chat, self.user, ids))

    # What it hears

    def _greeted(self, frame: Json, asked_at: float) -> None:
        chat = frame.get("conversation_id") or self.chats[0]
        session = Session(self.name, self.user, chat, self.stand[chat], frame["last_seq"])
        self._sessions[chat] = session
        self._patience_s = PATIENCE_S
        self.crowd.history.sessions.append(session)
        for user, seq in frame["reads"].items():
            self.crowd.history.last_reads.append(LastRead(chat, user, seq, asked_at, now()))

    def _take(self, frame: Json) -> None:
        kind = frame["type"]
        if kind in ("ack", "error"):
            self._answered(frame)
        elif "seq" in frame:
            self._see(frame)
        elif kind == "resync":
            self.crowd.history.oddities.append(f"{self.name} got {frame}")
        elif kind == "unsubscribed":
            session = self._sessions.pop(frame["conversation_id"], None)
            if session is not None:
                session.close = frame["code"]
                self.stand[session.conversation] = session.last()

    def _answered(self, frame: Json) -> None:
        ref = frame["ref"] or ""
        code = frame.get("code", "")
        if code in ("internal_error", "invalid", "malformed"):
            self.crowd.history.oddities.append(f"{self.name} got {frame}")
        if (future := self._asks.get(ref)) is not None:
            if not future.done():
                future.set_result(frame)
        elif ref.startswith("!"):
            outcome = ACKED if frame["type"] == "ack" else REFUSED
            self.crowd.history.conflicts.append(Conflict(self.user, "", ref[1:], outcome))
        elif frame["type"] == "ack" and ref in self.unanswered:
            self._acked(ref, frame["message_id"], frame["seq"])
        elif frame["type"] == "error":
            self._refused(ref, code)

    def _acked(self, client_id: str, message_id: str, seq: int) -> None:
        send = self.unanswered.pop(client_id, None)
        if send is None:
            return
        send.outcome = ACKED
        send.acks.append((message_id, seq))
        self._last_sent = send
        self._tries.pop(client_id, None)
        self.crowd.acked += 1
        if send.content.startswith(STAR):
            self.crowd.starred.put_nowait(Starred(send.conversation, message_id, self.user))

    def _refused(self, client_id: str, code: str) -> None:
        """Only the first and only try's refusal says that nothing was stored; "later" says nothing at all."""
        if code in LATER or client_id not in self.unanswered:
            return
        if code == "idempotency_conflict":
            self.crowd.history.oddities.append(f"{client_id} was refused as a conflict with itself")
        send = self.unanswered.pop(client_id)
        send.outcome = REFUSED if self._tries.pop(client_id) == 1 else UNKNOWN

    def _see(self, frame: Json) -> None:
        chat, message = frame["conversation_id"], frame.get("message")
        message_id = message["id"] if message is not None else frame.get("message_id")
        session = self._sessions[chat]
        session.seqs.append(frame["seq"])
        session.ids.append(short(message_id))
        self.stand[chat] = frame["seq"]
        if message is not None and frame["type"] == "new_message" and message["sender"] is not None:
            asked_at = self.crowd.asked.get(message["client_id"], 0.0)
            self.crowd.delays.append(now() - asked_at)
            self.fresh[chat] = max(self.fresh[chat], asked_at)
            if message["sender"]["id"] != self.user:
                self._seen.append((chat, message["id"]))
        if message is not None:
            self._copy(message)
        elif frame["type"] == "reaction_update" and message_id in self.copies:
            self.copies[message_id] = (*self.copies[message_id][:3], _reactions(frame["reactions"]))
        if self.cut_after is not None:
            self.cut_after -= 1
            if self.cut_after <= 0:
                self.cut_after = None
                self.cut()

    def _copy(self, message: Json) -> None:
        content = message["content"] or ""
        known = self.copies.get(message["id"])
        if known is None and not content.startswith(STAR) and message["revision"] == 1:
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
