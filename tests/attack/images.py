"""Attacks by files: pictures that are small and decode to much, uploads that are slow, metadata that stays."""

import asyncio
import contextlib
import io
import os
import struct
import zlib
from functools import cache
from typing import Any

from PIL import Image

from tests.attack.attack import Attacker, attack
from tests.attack.wire import Http, form

SIDE = 7071
"""The side of a square picture just below the limit of pixels."""


@cache
def bomb(file_format: str) -> bytes:
    """A picture of one colour with as many pixels as are allowed."""
    out = io.BytesIO()
    if file_format == "PNG":
        return _png_of_one_bit()
    options: dict[str, Any] = {"lossless": True, "method": 0} if file_format == "WEBP" else {}
    Image.new("P" if file_format == "GIF" else "RGB", (SIDE, SIDE)).save(out, file_format, **options)
    return out.getvalue()


def _png_of_one_bit() -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = zlib.compress(bytes((SIDE // 8 + 2) * SIDE), 9)
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def _chats(attacker: Attacker) -> Any:
    user = attacker.user()
    for file_format in ("WEBP", "PNG", "GIF"):
        bomb(file_format)
    return user, [await attacker.job([user.id, attacker.user().id], admin=user.id) for _ in range(4)]


@attack(
    "denial",
    "messages with ten pictures of 34 bytes and 50 megapixels each, on four connections",
    prepare=_chats,
    seconds=8,
    max_growth_mb=250,
    is_short=True,
)
async def bombs_in_messages(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    files = [("files", f"{number}.webp", bomb("WEBP")) for number in range(10)]

    async def step(http: Http, lane: int) -> None:
        body, header = form({"conversation": chats[lane], "content": "x"}, files)
        await attacker.ask(http, user, "POST", "/chat/messages/", body, headers=header)

    await attacker.repeat(4, step)


@attack("denial", "uploads of 50 megapixels, in three formats", prepare=_chats, seconds=5, max_growth_mb=250)
async def bombs_in_uploads(attacker: Attacker) -> None:
    user, chats = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        for file_format in ("WEBP", "PNG", "GIF"):
            body, header = form({"conversation": chats[lane]}, [("file", "a", bomb(file_format))])
            await attacker.ask(http, user, "POST", "/chat/attachments/", body, headers=header)

    await attacker.repeat(4, step)


@cache
def _scans() -> bytes:
    """A picture of 25 megapixels and 20 KB, decoded a hundred times over."""
    out = io.BytesIO()
    Image.new("L", (5000, 5000), 128).save(out, "JPEG", progressive=True)
    content = out.getvalue()
    last = content.rindex(b"\xff\xda")
    return content[:-2] + content[last:-2] * (100 - content.count(b"\xff\xda")) + content[-2:]


async def _scanned(attacker: Attacker) -> Any:
    _scans()
    return await _chats(attacker)


@attack(
    "denial",
    "pictures of 25 megapixels and a hundred scans, on four connections",
    prepare=_scanned,
    seconds=10,
    max_growth_mb=250,
)
async def many_scans(attacker: Attacker) -> None:
    user, chats = attacker.prepared

    async def step(http: Http, lane: int) -> None:
        body, header = form({"conversation": chats[lane]}, [("file", "a.jpg", _scans())])
        await attacker.ask(http, user, "POST", "/chat/attachments/", body, headers=header)

    await attacker.repeat(4, step)


@attack("denial", "JPEGs of 200,000 fill bytes, four at a time", prepare=_chats, seconds=5, max_growth_mb=250)
async def fill_bytes(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    content = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + b"\xff" * 200_000 + b"\x00"

    async def step(http: Http, lane: int) -> None:
        body, header = form({"conversation": chats[lane]}, [("file", "a.jpg", content)])
        await attacker.ask(http, user, "POST", "/chat/attachments/", body, headers=header)

    await attacker.repeat(4, step)


@attack("abuse", "small files in messages, beyond the limit of uploads", prepare=_chats, seconds=5)
async def files_in_messages(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    files = [("files", f"{number}.txt", b"hello") for number in range(10)]
    stored = 0

    async def step(http: Http, lane: int) -> None:
        nonlocal stored
        body, header = form({"conversation": chats[lane], "content": "x"}, files)
        answer = await attacker.ask(http, user, "POST", "/chat/messages/", body, headers=header)
        stored += 10 * (answer.status == 201)
        attacker.expect(stored <= 120, "more files in messages than a user may upload")

    await attacker.repeat(4, step)


FORMS_AT_A_TIME = 8
"""By default, on two workers."""


@attack("denial", "100 uploads that arrive slowly and at the same time", prepare=_chats, seconds=5)
async def slow_uploads(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    receiving = 0
    body, header = form({"conversation": chats[0]}, [("file", "a.bin", os.urandom(200_000))])
    head = (
        f"POST /chat/attachments/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {user.token}\r\n{header}"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    ).encode()

    async def count(reader: asyncio.StreamReader) -> None:
        nonlocal receiving
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"100 Continue")
            receiving += 1
            attacker.expect(receiving <= FORMS_AT_A_TIME, "the files of one user fill the disk while they arrive")

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        counting = asyncio.create_task(count(reader))
        try:
            writer.write(head)
            for at in range(0, len(body), 700):
                attacker.meter.count(sent=700)
                writer.write(body[at : at + 700])
                await asyncio.sleep(0.5)
        finally:
            counting.cancel()
            writer.transport.abort()

    await attacker.together(*(one() for _ in range(100)))


@attack("denial", "40 slow forms of messages, of which each has its fields first", prepare=_chats, seconds=4)
async def slow_forms(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    body, header = form({"conversation": chats[0], "content": "x"}, [("files", "a.bin", os.urandom(50_000))])
    head = (
        f"POST /chat/messages/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {user.token}\r\n{header}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()

    async def one() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
        with contextlib.closing(writer):
            writer.write(head + body[:300])
            await asyncio.sleep(3600)

    await attacker.together(*(one() for _ in range(40)))


@attack("denial", "uploads of 5 MB that do not compress, on three connections", prepare=_chats, max_mb=80)
async def large_uploads(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    body, header = form({"conversation": chats[0]}, [("file", "a.bin", b"\0" + os.urandom(5_000_000))])

    async def step(http: Http, lane: int) -> None:
        await attacker.ask(http, user, "POST", "/chat/attachments/", body, headers=header)

    await attacker.repeat(3, step)


PLACE = b"+38.7223-009.1393/"


def _box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name + content


def files_with_a_place() -> dict[str, bytes]:
    """Files that say where they were made, by name."""
    header = _box(b"mvhd", bytes(12), struct.pack(">II", 1000, 3000), bytes(80))
    place = _box(b"udta", _box(b"\xa9xyz", struct.pack(">HH", len(PLACE), 0x15C7), PLACE))
    files = {
        "a.mp4": _box(b"ftyp", b"isom", bytes(4), b"isom") + _box(b"moov", header, place) + _box(b"mdat", bytes(64)),
        "a.mov": _box(b"ftyp", b"qt  ", bytes(4), b"qt  ") + _box(b"moov", header, place) + _box(b"mdat", bytes(64)),
    }
    exif = Image.Exif()
    exif[0x010E] = PLACE.decode()
    picture = Image.new("RGB", (64, 64), "red")
    for file_format in ("JPEG", "WEBP", "PNG", "TIFF", "AVIF"):
        out = io.BytesIO()
        with contextlib.suppress(KeyError, OSError, ValueError):  # a format that this Pillow cannot write
            picture.save(out, file_format, exif=exif.tobytes())
            files[f"a.{file_format.lower()}"] = out.getvalue()
    return files


@attack("privacy", "files that say where they were made, and what comes back of them", prepare=_chats, seconds=5)
async def places_in_files(attacker: Attacker) -> None:
    user, chats = attacker.prepared
    http = attacker.http()
    for name, content in files_with_a_place().items():
        body, header = form({"conversation": chats[0]}, [("file", name, content)])
        answer = await attacker.ask(http, user, "POST", "/chat/attachments/", body, headers=header)
        if answer.status != 201:
            attacker.answers[f"{name} {answer.status}"] += 1
            continue
        url = answer.json()["url"]
        path = "/" + url.split("://", 1)[1].split("/", 1)[1] if "://" in url else url
        stored = await attacker.ask(http, user, "GET", path)
        attacker.expect(stored.status == 200, f"{name} cannot be downloaded: {stored.status}")
        attacker.expect(PLACE not in stored.body, f"the place stays in {name}")
