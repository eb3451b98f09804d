"""A plain FastAPI broadcast: sockets in a set, `send_text` for each, no storage. The baseline for FastAPI.

Also a page of history from memory. Without a database, without tokens, on one worker only: a second one would not
hear the first.
"""

import itertools
import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, WebSocket
from starlette.websockets import WebSocketDisconnect

app = FastAPI()
rooms: dict[str, set[WebSocket]] = {}
numbers = itertools.count(1)


def message_of(room: str, frame: dict[str, Any]) -> dict[str, Any]:
    """A message in the format of the service, so that frames have the same size."""
    return {
        "id": str(uuid4()),
        "conversation": room,
        "seq": next(numbers),
        "sender": {"id": "u1", "username": "u1", "display_name": None, "avatar_url": None},
        "message_type": "text",
        "content": frame["content"],
        "reply_to": None,
        "reply_preview": None,
        "attachments": [],
        "reactions": [],
        "mentions": [],
        "metadata": {},
        "client_id": frame.get("client_id"),
        "revision": 1,
        "is_edited": False,
        "edited_at": None,
        "is_deleted": False,
        "deleted_at": None,
        "created_at": datetime.now(UTC).isoformat(),
    }


@app.websocket("/ws/chat/{room}/")
async def chat(ws: WebSocket, room: str) -> None:
    """Broadcast the messages of a socket to its room."""
    await ws.accept()
    sockets = rooms.setdefault(room, set())
    sockets.add(ws)
    await ws.send_text(json.dumps({"type": "hello", "user_id": "u1", "role": "participant", "last_seq": 0}))
    try:
        while True:
            frame = json.loads(await ws.receive_text())
            message = message_of(room, frame)
            text = json.dumps(
                {"type": "new_message", "conversation_id": room, "seq": message["seq"], "message": message}
            )
            for socket in tuple(sockets):
                await socket.send_text(text)
            answer = {"type": "ack", "ref": frame["ref"], "message_id": message["id"], "seq": message["seq"]}
            await ws.send_text(json.dumps(answer))
    except WebSocketDisconnect:
        sockets.discard(ws)


PAGE = [message_of("c1", {"content": "word " * 20}) for _ in range(50)]


@app.get("/chat/messages/")
async def page() -> dict[str, Any]:
    """Fifty messages from memory."""
    return {"results": PAGE, "next": None, "previous": None, "last_seq": 100_000}


@app.get("/readyz")
async def ready() -> dict[str, str]:
    """Readiness."""
    return {"status": "ready"}
