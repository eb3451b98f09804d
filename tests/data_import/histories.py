"""Import files for tests: their lines, and helpers to import them."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.world import Person, World
from wasgo_chat.data_import.run import Import, Report
from wasgo_chat.identity.tokens import mint_user
from wasgo_chat.settings.config import Settings

STARTED = datetime(2024, 3, 1, 12, tzinfo=UTC)


Line = dict[str, Any]


def at(minutes: float) -> str:
    return (STARTED + timedelta(minutes=minutes)).isoformat()


def conversation(external_id: str = "c1", **more: Any) -> Line:
    people = [{"user_id": "ana", "role": "admin"}, {"user_id": "bo"}, {"user_id": "cy", "role": "observer"}]
    given = {"conversation_type": "job", "reference": {"type": "job", "id": external_id}, "participants": people}
    return {"kind": "conversation", "external_id": external_id, "created_at": at(0), **given, **more}


def message(n: int, chat: str = "c1", **more: Any) -> Line:
    given = {"sender": "ana", "content": f"m{n}", "created_at": at(n)}
    return {"kind": "message", "conversation": chat, "external_id": f"m{n}", **given, **more}


HISTORY: list[Line] = [
    {"kind": "user", "id": "ana", "username": "ana", "display_name": "Ana Lima"},
    conversation(title="Paint"),
    message(1),
    message(2, sender="bo", reply_to="m1", mentions=["ana"], metadata={"page": 2}),
    message(3, edited_at=at(3.5), reactions=[{"user_id": "bo", "emoji": "❤"}, {"user_id": "bo", "emoji": "❤️"}]),
    message(4, content="", deleted_at=at(5)),
    message(5, sender=None, message_type="system", content="Assigned"),
    message(6, message_type="location", content="", metadata={"location": {"lat": 1, "lng": 2}}),
]


def as_file(lines: list[Line | str]) -> bytes:
    return b"".join((one if isinstance(one, str) else json.dumps(one)).encode() + b"\n" for one in lines)


async def import_lines(settings: Settings, lines: list[Any], **more: Any) -> tuple[Report, list[Line]]:
    rejects = io.BytesIO()
    report = await Import(settings, rejects, **more).run(io.BytesIO(as_file(lines)))
    return report, [json.loads(one) for one in rejects.getvalue().splitlines()]


def user_with_id(world: World, user_id: str) -> Person:
    return Person(world, user_id, user_id, mint_user(world.worker.settings, user_id, ttl_s=600))
