"""A read receipt whose signal was lost is sent again, complete, by the reconciler."""

import pytest

from tests.gateway.sockets import send_messages
from tests.messages.marking import mark
from tests.support.workers import Worker
from tests.support.world import Json, Person, World
from wasgo_chat.gateway.delivery.channel import ConversationChannel


async def everything(by: Person, chat: Json) -> list[Json]:
    found: list[Json] = []
    while page := await by.history(chat, before_seq=found[-1]["seq"] if found else 2**40):
        found += page  # newest first
    return found


async def test_a_resent_read_receipt_names_every_message(
    world: World, other_worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    await send_messages(ana, chat, 230)
    messages = await everything(bo, chat)
    assert len(messages) == 230
    async with ana.connect(chat, other_worker) as live:
        monkeypatch.setattr(ConversationChannel, "deliver_read_receipt", lambda *_: None)
        assert (await mark(bo, *messages))["marked"] == 230
        told: set[str] = set()
        while len(told) < 230:
            told.update((await live.receive("messages_read"))["message_ids"])
    assert told == {message["id"] for message in messages}
