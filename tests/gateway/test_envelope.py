"""Envelopes between workers: every message survives the way, and what another release sends is skipped."""

from uuid import UUID

import msgspec
import pytest

from tests.support.workers import Worker
from tests.support.world import World
from wasgo_chat.conversations.event_frames import EventFrame
from wasgo_chat.core.encoding import new_id
from wasgo_chat.gateway.broadcast.envelope import (
    CONTROL_CHANNEL,
    AnyWorkerMessage,
    ConversationsChanged,
    EventsPublished,
    NotificationsPublished,
    PresenceChanged,
    ReadReceiptPublished,
    TokensRevoked,
    TypingPublished,
    UnknownEnvelope,
    channel_of,
    header_of,
    pack,
    pack_events,
    unpack,
)

HEADER = header_of("worker")
ID = UUID(str(new_id()))


@pytest.mark.parametrize(
    "message",
    [
        EventsPublished(7, removed="bo", role=("bo", "admin"), committed_at=1.5, trace="00-1"),
        ReadReceiptPublished(3),
        TypingPublished("bo", "Bo \n B.", True),
        ConversationsChanged((ID,)),
        NotificationsPublished(((ID, 1, 4),)),
        TokensRevoked("bo"),
        PresenceChanged("bo", False),
    ],
)
def test_a_message_and_its_frames_survive_the_way(message: AnyWorkerMessage) -> None:
    assert unpack(pack(HEADER, message, b"{}", b"[]")) == (message, [b"{}", b"[]"])


def test_an_event_that_the_hub_looks_at_travels_alone() -> None:
    frames = [EventFrame(1, b"a"), EventFrame(2, b"b"), EventFrame(3, b"c", removed="bo"), EventFrame(4, b"d")]
    unpacked = [unpack(payload) for payload in pack_events(HEADER, frames)]
    assert unpacked == [
        (EventsPublished(1), [b"a", b"b"]),
        (EventsPublished(3, "bo"), [b"c"]),
        (EventsPublished(4), [b"d"]),
    ]


def test_a_newer_release_may_append_a_field() -> None:
    message = msgspec.json.encode(["read_receipt", 3, "a new field"])
    assert unpack(b"\n".join((HEADER, message, b"{}"))) == (ReadReceiptPublished(3), [b"{}"])


@pytest.mark.parametrize("payload", [b"", b"3 worker\n[]", HEADER, HEADER + b"\n[]", HEADER + b'\n["votes", 1]'])
def test_an_unknown_envelope_is_refused(payload: bytes) -> None:
    with pytest.raises(UnknownEnvelope):
        unpack(payload)


async def test_what_another_release_sends_is_skipped_with_one_warning(
    world: World, other_worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    channel = channel_of(UUID(chat["id"]))
    async with bo.connect(chat, other_worker) as live:
        for _ in range(3):
            other_worker.parts.remote_subscriber.on_message(channel, b'["event","elsewhere",1]\n{}')
            other_worker.parts.remote_subscriber.on_message(CONTROL_CHANNEL, HEADER + b'\n["votes",1]')
        await ana.send(chat, "hi")
        assert (await live.receive("new_message"))["message"]["content"] == "hi"
    assert caplog.text.count("unknown_envelope") == 2
