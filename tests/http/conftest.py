"""A conversation with valid ids and values, for tests that send invalid ones."""

import pytest

from tests.http.bodies import Scene
from tests.support.world import World


@pytest.fixture
async def scene(world: World) -> Scene:
    ana, bo = world.people("ana", "bo")
    chat = await world.job(admin=ana, participant=bo)
    message = await ana.send(chat)
    ids = {
        "conversation_id": chat["id"],
        "message_id": message["id"],
        "user_id": bo.id,
        "reference_id": world.unique("ref"),
        "attachment_id": message["id"],
        "variant": "original",
    }
    valid = {
        "conversation": chat["id"],
        "conversation_type": "support",
        "support_type": "technical",
        "user_id": bo.id,
        "role": "participant",
        "content": "hi",
        "emoji": "👍",
        "message_ids": [message["id"]],
        "type": "job",
        "id": "1",
        "start": "22:00",
        "end": "06:00",
        "time_zone": "Europe/Berlin",
        "endpoint": "https://push.example/1",
        "keys": {"p256dh": "AAAA", "auth": "AAAA"},
        "p256dh": "AAAA",
        "auth": "AAAA",
    }
    return Scene(world, ana, ids, valid)
