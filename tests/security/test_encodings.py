"""Carriage returns and encodings other than UTF-8, in bodies, frames and headers: refused or cleaned, no errors."""

import json

import pytest

from tests.security.raw import connected, handshake
from tests.support.world import World

MESSAGES, CHATS = "/chat/messages/", "/chat/conversations/"
OVERLONG, SURROGATE = b"\xc0\x80", b"\xed\xa0\x80"  # of NUL, and of half a pair


def encoded(body: bytes) -> list[bytes]:
    """The body in encodings that some parsers detect, and with bytes that are not UTF-8 in its strings."""
    text = body.decode()
    other = [text.encode(name) for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7")]
    wrong = [
        body.replace(b"hi", b"h" + bad) for bad in (b"\xff", b"\xe9", OVERLONG, SURROGATE, b"\xf5\x80\x80\x80", b"\r")
    ]
    return [*(one for one in other if one != body), b"\xef\xbb\xbf" + body, *wrong]


async def test_a_body_is_utf8_without_a_byte_order_mark(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    body = json.dumps({"conversation": chat["id"], "content": "hi"}).encode()
    for content in encoded(body):
        for charset in ("", "; charset=utf-16", "; charset=latin-1", "; charset=no-such"):
            headers = {"Content-Type": f"application/json{charset}"}
            answer = await ana.client.post(MESSAGES, content=content, headers=headers)
            assert answer.status_code in (400, 415, 422), (content[:20], charset, answer.text)
    assert await ana.history(chat) == []


async def test_a_frame_is_utf8_without_a_byte_order_mark(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    frame = json.dumps({"type": "send_message", "content": "hi"})
    async with ana.connect(chat) as live:
        for text in ("\ufeff" + frame, frame.replace("hi", "a\rb"), frame.replace("hi", "a\x00b"), "\x00".join(frame)):
            await live.connection.send(text)
            assert (await live.next_frame())["code"] == "invalid"
        # Escaped, a carriage return is the end of a line, and half a surrogate pair is nothing.
        await live.connection.send(frame.replace("hi", "\\ud83d"))
        assert (await live.next_frame())["code"] == "invalid"
        await live.connection.send(frame.replace("hi", "a\\rb\\r\\nc"))
        assert (await live.wait_for("new_message"))["message"]["content"] == "a\nb\nc"


HEADERS = (
    "Authorization", "Cookie", "Idempotency-Key", "X-Act-As", "X-Read-After", "X-Request-Id", "Origin", "If-None-Match",
    "Range", "Accept", "Accept-Language", "Accept-Encoding", "Content-Type", "Content-Disposition", "traceparent",
    "tracestate", "User-Agent", "Referer", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "Expect",
)  # fmt: skip
VALUES = [
    b"\xff\xfe",
    b"\xe9",
    OVERLONG,
    SURROGATE,
    b"=?utf-8?q?x?=",
    "日本".encode(),
    b"%0d%0aX: y",
    b"a\tb",
    b"\\r\\n",
]


@pytest.mark.parametrize("name", HEADERS)
async def test_a_header_with_any_bytes_causes_no_error(world: World, name: str) -> None:
    ana = world.person("ana")
    others = f"Authorization: Bearer {ana.bearer}\r\n".encode() if name != "Authorization" else b""
    body = b'{"conversation_type":"direct","participant_ids":["%s"]}' % world.unique("x").encode()
    for value in VALUES:
        lines = b"Host: x\r\nConnection: close\r\n" + others + name.encode() + b": " + value + b"\r\n"
        for request in (
            b"GET /chat/conversations/ HTTP/1.1\r\n%s\r\n" % lines,
            b"POST /chat/conversations/ HTTP/1.1\r\n%sContent-Length: %d\r\n\r\n%s" % (lines, len(body), body),
        ):
            async with connected(world.worker) as raw:
                await raw.send(request)
                answer = await raw.answer()
            assert answer.status < 500, (value, answer.body)
            assert b"\r\nx: y" not in answer.head.lower()
        async with connected(world.worker) as raw:
            start = handshake("/ws/chat/")
            await raw.send(start[:-2] + others + name.encode() + b": " + value + b"\r\n\r\n")
            assert (await raw.answer()).status < 500, value


async def test_a_bare_carriage_return_in_a_header_is_refused(world: World) -> None:
    for value in (b"a\rb", b"a\r", b"\ra", b"a\r\r\nX: y", b"a\nX: y\r\n\r"):
        async with connected(world.worker) as raw:
            await raw.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Any: " + value + b"\r\n\r\n")
            answer = await raw.answer()
            assert answer.status == 400, value
            assert json.loads(answer.body)["code"] == "malformed_http"
