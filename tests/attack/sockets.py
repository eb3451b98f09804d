"""Attacks by frames on open sockets."""

import asyncio
import functools
import json
from typing import Any

from tests.attack.attack import Attacker, User, attack
from tests.attack.bodies import alike_ids
from tests.attack.wire import BINARY, PING, PONG, TEXT, frame, text
from wasgo_chat.core.encoding import new_id

CHUNK_BYTES = 65_536
CHAT, FEED = "/ws/chat/", "/ws/notifications/"
LOOSE = [None] * 4


def chunk(tiny: bytes) -> bytes:
    return tiny * (CHUNK_BYTES // len(tiny))


@attack("denial", "empty pings in 64 KiB writes, four sockets with a token", seconds=4)
async def pings(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(4)], chunk(frame(PING)))


@attack("denial", "empty pings in 64 KiB writes, four sockets without a token", seconds=4, is_short=True)
async def pings_without_a_token(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*LOOSE], chunk(frame(PING)))


@attack("denial", "pongs of 125 bytes to /ws/notifications/, four sockets")
async def pongs_to_notifications(attacker: Attacker) -> None:
    await attacker.flood(FEED, [*attacker.users(4)], chunk(frame(PONG, b"x" * 125)))


@attack("denial", "empty pongs to /ws/notifications/ without a token")
async def pongs_without_a_token(attacker: Attacker) -> None:
    await attacker.flood(FEED, [*LOOSE], chunk(frame(PONG)))


@attack("denial", "empty text frames, four sockets, two of them without a token")
async def empty_texts(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(2), None, None], chunk(frame(TEXT)))


@attack("denial", "empty fragments that never end, four sockets")
async def empty_fragments(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(2), None, None], chunk(frame(0, fin=False)))


@attack("denial", "a text frame in fragments of one byte, with pings between them")
async def fragments_of_one_byte(attacker: Attacker) -> None:
    body = json.dumps({"type": "typing", "conversation_id": str(new_id())}).encode()
    parts = [frame(TEXT if at == 0 else 0, body[at : at + 1], fin=at == len(body) - 1) for at in range(len(body))]
    await attacker.flood(CHAT, [*attacker.users(4)], frame(PING).join(parts) * 20)


@attack("denial", "text frames of one byte, four sockets")
async def tiny_texts(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(4)], chunk(frame(TEXT, b"1")))


@attack("denial", "the smallest JSON objects, four sockets")
async def tiny_objects(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(4)], chunk(frame(TEXT, b"{}")))


@attack("denial", "binary frames, four sockets")
async def binary_frames(attacker: Attacker) -> None:
    await attacker.flood(CHAT, [*attacker.users(4)], chunk(frame(BINARY, b"x")))


GOOD = text({"type": "unsubscribe", "conversation_id": str(new_id())})


@attack(
    "denial",
    "frames of 64 KB with 6,500 unknown keys, nine and a good one in turn, one socket",
    seconds=4,
    max_cores=0.5,
    is_short=True,
)
async def malformed_and_good_in_turn(attacker: Attacker) -> None:
    wide = text({"type": "typing", **{f"k{number}": 1 for number in range(4_800)}})
    assert len(wide) < 65_000
    await attacker.flood(CHAT, [attacker.user()], wide * 9 + GOOD)


@attack("denial", "frames of 64 KB with 500 wrong ids, nine and a good one in turn, one socket", max_cores=0.5)
async def wrong_ids_and_good_in_turn(attacker: Attacker) -> None:
    wrong = text({"type": "mark_read", "message_ids": [1] * 30_000})
    await attacker.flood(CHAT, [attacker.user()], wrong * 9 + GOOD)


@attack("denial", "frames of JSON nested 30,000 deep", max_cores=0.5)
async def deep_frames(attacker: Attacker) -> None:
    deep = frame(TEXT, b'{"type":"send_message","metadata":' + b"[" * 30_000 + b"]" * 30_000 + b"}")
    await attacker.flood(CHAT, [attacker.user()], deep * 9 + GOOD)


@attack("denial", "frames with an integer of 60,000 digits", max_cores=0.5)
async def huge_numbers_in_frames(attacker: Attacker) -> None:
    body = b'{"type":"subscribe","conversation_id":"%s","after_seq":%s}' % (str(new_id()).encode(), b"9" * 60_000)
    await attacker.flood(CHAT, [attacker.user()], frame(TEXT, body) * 9 + GOOD)


@attack("denial", "metadata of 60 KB in messages to a foreign conversation", max_cores=0.8)
async def large_metadata_in_frames(attacker: Attacker) -> None:
    fields = {"type": "send_message", "conversation_id": str(new_id()), "content": "x", "client_id": "x"}
    await attacker.flood(CHAT, [attacker.user()], text({**fields, "metadata": {"x": [[[]]] * 7000}}))


@attack("denial", "frames with 9,000 numbers that are slow to convert, four sockets", max_cores=0.8, is_short=True)
async def slow_numbers_in_frames(attacker: Attacker) -> None:
    numbers = ",".join(["1e308"] * 9_000)
    body = f'{{"type":"send_message","conversation_id":"{new_id()}","content":"x","metadata":{{"x":[{numbers}]}}}}'
    await attacker.flood(CHAT, [*attacker.users(4)], frame(TEXT, body.encode()))


@attack("denial", "handshakes that offer compression, and frames with its bit set")
async def compression_offers(attacker: Attacker) -> None:
    # A handshake has at most 8 KiB.
    offers = ", ".join(f"permessage-deflate; server_max_window_bits={8 + number % 8}" for number in range(140))

    async def one(user: User, header: str) -> None:
        async with attacker.socket(CHAT, user, headers=header) as socket:
            attacker.answers["handshake"] += 1
            await socket.write(chunk(frame(TEXT, b"\x00" * 100, bits=0x40)))
            await attacker.count_answers(socket)

    headers = [f"Sec-WebSocket-Extensions: {offer}\r\n" for offer in (offers, "permessage-deflate", offers * 8)]
    await attacker.again(*(functools.partial(one, attacker.user(), header) for header in headers * 2), pause_s=0.01)


async def _chat_of_fifty(attacker: Attacker) -> Any:
    user = attacker.user()
    others = [one.id for one in attacker.users(49, "crowd")]
    chat = await attacker.job([user.id, *others], admin=user.id)
    return user, chat, await attacker.say(user, chat, 20)


@attack("denial", "typing, as often as the socket takes it, four sockets of one user", prepare=_chat_of_fifty)
async def typing(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared
    data = text({"type": "typing", "conversation_id": chat}) * 50
    await attacker.flood(CHAT, [user] * 4, data)


@attack("denial", "mark_read of 500 ids, four sockets of one user", prepare=_chat_of_fifty)
async def read_marks(attacker: Attacker) -> None:
    user, chat, messages = attacker.prepared
    ids = (messages * 25)[:500]
    data = text({"type": "mark_read", "conversation_id": chat, "message_ids": ids}) * 3
    await attacker.flood(CHAT, [user] * 4, data)


@attack("denial", "mark_read of 500 unknown ids, four sockets of one user", prepare=_chat_of_fifty)
async def unknown_read_marks(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared
    ids = [str(new_id()) for _ in range(500)]
    await attacker.flood(CHAT, [user] * 4, text({"type": "mark_read", "conversation_id": chat, "message_ids": ids}) * 3)


@attack("denial", "mark_read of 500 ids whose hashes are equal, four sockets", prepare=_chat_of_fifty)
async def colliding_read_marks(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared
    data = text({"type": "mark_read", "conversation_id": chat, "message_ids": alike_ids(500)}) * 3
    await attacker.flood(CHAT, [user] * 4, data)


@attack("denial", "subscribe and unsubscribe in turn, four sockets of one user", prepare=_chat_of_fifty)
async def subscriptions(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared
    pair = text({"type": "subscribe", "conversation_id": chat, "after_seq": 0}) + text(
        {"type": "unsubscribe", "conversation_id": chat}
    )
    await attacker.flood(CHAT, [user] * 4, pair * 30)


@attack("denial", "subscribe to unknown conversations, with a new id each", max_mb=20)
async def unknown_subscriptions(attacker: Attacker) -> None:
    users = attacker.users(4)

    async def one(user: User) -> None:
        async with attacker.socket(CHAT, user) as socket, attacker.reading(socket) as reading:
            while not reading.done():
                many = (text({"type": "subscribe", "conversation_id": str(new_id())}) for _ in range(40))
                await socket.write(b"".join(many))

    await attacker.again(*(functools.partial(one, user) for user in users))


@attack("denial", "19 sockets that never read, while large messages go out to them", prepare=_chat_of_fifty)
async def sockets_that_never_read(attacker: Attacker) -> None:
    user, chat, _ = attacker.prepared

    async def deaf() -> None:
        async with attacker.socket(f"/ws/chat/{chat}/", user) as socket:
            socket.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a stream's transport
            await asyncio.sleep(3600)

    async def speak() -> None:
        async with attacker.socket(f"/ws/chat/{chat}/", user) as socket, attacker.reading(socket) as reading:
            while not reading.done():
                await socket.send(type="send_message", content="x" * 10_000)
                await asyncio.sleep(0.05)

    await attacker.again(*[deaf] * 19, speak, pause_s=0.1)


async def _long_history(attacker: Attacker) -> Any:
    user = attacker.user()
    chats = [await attacker.job([user.id, attacker.user("bo").id], admin=user.id) for _ in range(4)]
    for chat in chats:
        await attacker.say(user, chat, 60, "x" * 10_000)
    return user, chats


@attack("denial", "15 sockets replay long conversations and never read", prepare=_long_history, seconds=5)
async def replays_never_read(attacker: Attacker) -> None:
    user, chats = attacker.prepared

    async def deaf() -> None:
        async with attacker.socket(CHAT, user) as socket:
            socket.writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a stream's transport
            for chat in chats:
                await socket.send(type="subscribe", conversation_id=chat, after_seq=0)
            await asyncio.sleep(3600)

    await attacker.again(*[deaf] * 15, pause_s=0.5)
