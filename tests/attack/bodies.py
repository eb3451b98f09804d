"""Attacks by the bodies and headers of requests."""

import json
import sys
from typing import Any
from uuid import UUID

from tests.attack.attack import Attacker, User, attack
from tests.attack.wire import Http, form
from wasgo_chat.core.encoding import new_id

MIB = 1 << 20
LANES = 3


def filled(before: str, item: str, after: str, *, size: int = MIB - 4096) -> bytes:
    """A body with an item as often as fits."""
    count = (size - len(before) - len(after)) // (len(item) + 1)
    return (before + ",".join([item] * count) + after).encode()


def alike_ids(count: int) -> list[str]:
    """Ids whose `hash()` is the same: the hash of a UUID is its value modulo a prime."""
    return [str(UUID(int=sys.hash_info.modulus * ((1 << 66) - number) + 5)) for number in range(1, count + 1)]


SUPPORT = '{"conversation_type":"support",'
LISTS = (
    ("POST", "/chat/messages/mark_multiple_read/", ('{"message_ids":[', "1", "]}")),
    ("POST", "/chat/conversations/", (SUPPORT + '"participants":[', "1", "]}")),
    ("POST", "/chat/conversations/", (SUPPORT + '"participant_ids":[', "1", "]}")),
    ("POST", "/chat/conversations/", (SUPPORT + '"participants":[', "{}", "]}")),
    ("POST", "/chat/messages/", ('{"conversation":"x","mentions":[', "1", "]}")),
    ("POST", "/chat/messages/", ('{"conversation":"x","attachment_ids":[', "1", "]}")),
    ("PUT", "/jobs/x/conversation/", ('{"participants":[', "{}", "]}")),
)


async def _send(attacker: Attacker, requests: list[tuple[str, str, bytes]], lanes: int = LANES) -> None:
    users = attacker.users(lanes)

    async def step(http: Http, lane: int) -> None:
        for method, path, body in requests:
            await attacker.ask(http, users[lane], method, path, body)

    await attacker.repeat(lanes, step)


@attack("amplification", "1 MiB of wrong ids to every route that takes a list", seconds=5, is_short=True)
async def wrong_ids(attacker: Attacker) -> None:
    await _send(attacker, [(method, path, filled(*body)) for method, path, body in LISTS])


@attack("amplification", "lists of 2,000 wrong ids, in bodies that are not too large", seconds=4)
async def wrong_ids_in_small_bodies(attacker: Attacker) -> None:
    await _send(attacker, [(method, path, filled(*body, size=100_000)) for method, path, body in LISTS])


@attack("amplification", "objects of 100,000 unknown keys")
async def unknown_keys(attacker: Attacker) -> None:
    keys = ",".join(f'"k{number}":1' for number in range(80_000))
    body = f'{{"conversation":"x",{keys}}}'.encode()[: MIB - 1]
    await _send(attacker, [("POST", "/chat/messages/", body), ("PUT", "/chat/notifications/preferences/", body)])


@attack("denial", "one key 100,000 times, and 80,000 keys that differ in one character")
async def repeated_keys(attacker: Attacker) -> None:
    repeated = b"{" + b'"content":1,' * 80_000 + b'"content":1}'
    alike = b"{" + b",".join(b'"%s%07d":1' % (b"\\u0061" * 2, number) for number in range(30_000)) + b"}"
    await _send(attacker, [("POST", "/chat/messages/", repeated), ("POST", "/chat/messages/", alike)])


@attack("denial", "JSON nested 500,000 deep")
async def deep_json(attacker: Attacker) -> None:
    arrays = b'{"metadata":' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    objects = b'{"metadata":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_001
    await _send(attacker, [("POST", "/chat/messages/", arrays), ("POST", "/chat/conversations/", objects)])


@attack("denial", "3,300 ids whose hashes are equal, in JSON bodies of 128 KiB", seconds=4, is_short=True)
async def colliding_ids(attacker: Attacker) -> None:
    body = json.dumps({"message_ids": alike_ids(3_300)}, separators=(",", ":")).encode()
    assert len(body) < 131_072
    await _send(attacker, [("POST", "/chat/messages/mark_multiple_read/", body)])


@attack("denial", "integers of 100,000 digits, and floats of 500,000")
async def huge_numbers(attacker: Attacker) -> None:
    body = b'{"conversation":"x","metadata":{"n":%s}}'
    bodies = [body % (b"9" * 100_000), body % (b"9" * 4000 + b"." + b"9" * 500_000), body % b"1e999999999"]
    bodies.append(b'{"conversation":"x","metadata":{"n":[%s]}}' % b",".join([b"9" * 4000] * 200))
    await _send(attacker, [("POST", "/chat/messages/", one) for one in bodies])


@attack("denial", "a string of 170,000 escapes, and one of characters that grow when they are normalized")
async def huge_strings(attacker: Attacker) -> None:
    chat = str(new_id())
    escapes = b'{"conversation":"%s","content":"%s"}' % (chat.encode(), b"\\u0000" * 170_000)
    grows = json.dumps({"conversation": chat, "content": "ﷺ" * 100_000}, ensure_ascii=False).encode()
    title = json.dumps({"conversation_type": "support", "title": "\u202e" * 150_000}).encode()
    messages = [("POST", "/chat/messages/", escapes), ("POST", "/chat/messages/", grows)]
    await _send(attacker, [*messages, ("POST", "/chat/conversations/", title)])


@attack("denial", "metadata of a million small values")
async def wide_metadata(attacker: Attacker) -> None:
    body = filled(f'{{"conversation":"{new_id()}","content":"x","metadata":{{"a":[', "[]", "]}}")
    title = filled('{"conversation_type":"support","metadata":{"a":[', "{}", "]}}")
    await _send(attacker, [("POST", "/chat/messages/", body), ("POST", "/chat/conversations/", title)])


@attack("denial", "forms of 10,000 fields, and of parts without content")
async def wide_forms(attacker: Attacker) -> None:
    user = attacker.user()
    fields, header = form({f"f{number}": "" for number in range(10_000)}, [])
    empty, _ = form({}, [("file", "", b"")] * 8_000)
    parts, _ = form({"conversation": str(new_id())}, [("files", "a", b"x")] * 5_000)

    async def step(http: Http, lane: int) -> None:
        for path, body in (("/chat/attachments/", fields), ("/chat/attachments/", empty), ("/chat/messages/", parts)):
            await attacker.ask(http, user, "POST", path, body, headers=header)

    await attacker.repeat(LANES, step)


@attack("denial", "queries of 60 KB: thousands of parameters, and of user ids")
async def wide_queries(attacker: Attacker) -> None:
    user = attacker.user()
    paths = [
        "/chat/messages/?" + "&".join(["conversation=x"] * 4_000),
        "/chat/conversations/?" + "&".join(f"a{number}=%41" for number in range(5_000)),
        "/chat/presence/?user_ids=" + ",".join(f"u{number}" for number in range(8_000)),
        "/chat/presence/?user_ids=" + ",".join([user.id] * 2_500),
    ]

    async def step(http: Http, lane: int) -> None:
        for path in paths:
            await attacker.ask(http, user, "GET", path)

    await attacker.repeat(LANES, step)


@attack("denial", "99 headers of 600 bytes, cookies, ranges and languages")
async def wide_headers(attacker: Attacker) -> None:
    user = attacker.user()
    sets = [
        "".join(f"X-Filler-{number}: {'x' * 560}\r\n" for number in range(90)),
        "Cookie: " + "; ".join(f"a{number}=b" for number in range(6_000)) + "\r\n",
        "Range: bytes=" + ",".join(f"{number}-" for number in range(8_000)) + "\r\n",
        "X-Forwarded-For: " + ", ".join(["10.0.0.1"] * 5_000) + "\r\n",
        "If-None-Match: " + ", ".join([f'"{number}"' for number in range(7_000)]) + "\r\n",
        "Idempotency-Key: " + "x" * 60_000 + "\r\n",
        "X-Request-Id: " + "\\x1b[31m{}%s" * 4_000 + "\r\n",
        "traceparent: " + "00-" * 18_000 + "\r\n",
    ]

    async def step(http: Http, lane: int) -> None:
        for headers in sets:
            await attacker.ask(http, user, "GET", "/chat/conversations/", headers=headers)

    await attacker.repeat(LANES, step)


async def _member(attacker: Attacker) -> Any:
    user = attacker.user()
    return user, await attacker.job([user.id, attacker.user().id], admin=user.id)


@attack("denial", "each request with an Idempotency-Key of its own", prepare=_member)
async def idempotency_keys(attacker: Attacker) -> None:
    user, chat = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        key = f"Idempotency-Key: {new_id()}{'x' * 80}\r\n"
        body = {"conversation": chat, "content": "x"}
        await attacker.ask(http, user, "POST", "/chat/messages/", body, headers=key)
        await attacker.ask(http, user, "POST", f"/chat/conversations/{chat}/archive/", {}, headers=key)

    await attacker.repeat(4, step)


@attack("denial", "an Idempotency-Key sent by eight connections at once, with different bodies", prepare=_member)
async def one_idempotency_key(attacker: Attacker) -> None:
    user, chat = attacker.prepared
    key = f"Idempotency-Key: {new_id()}\r\n"

    async def step(http: Http, lane: int) -> None:
        body: dict[str, Any] = {"conversation": chat, "content": f"x{lane}"}
        await attacker.ask(http, user, "POST", "/chat/messages/", body, headers=key)

    await attacker.repeat(8, step)


@attack("denial", "paths with thousands of segments and escapes")
async def strange_paths(attacker: Attacker) -> None:
    user: User = attacker.user()
    paths = [
        "/chat" + "/a" * 8_000,
        "/chat/users/" + "%2F" * 8_000 + "/",
        "/chat/users/" + "a/revoke/" * 3_000,
        "/" + "%00" * 8_000,
        "/chat/messages/" + "%E2%80%A8" * 3_000 + "/",
    ]

    async def step(http: Http, lane: int) -> None:
        for path in paths:
            await attacker.ask(http, user, "GET", path)
            await attacker.ask(http, user, "PUT", path, b"{}")

    await attacker.repeat(LANES, step)
