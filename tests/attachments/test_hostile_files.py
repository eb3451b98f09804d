"""Malicious files: accepted ones are served so that no browser runs them, others are rejected in bounded time."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.attachments.samples import ATTACHMENTS, EXECUTABLES, PLACE, film, picture, sound, upload, with_place
from tests.support.world import Json, Person, World

SCRIPT = b"<script>alert(document.domain)</script>"
SAFE = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")
NEVER = ("text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml", "application/javascript")


def named_zip(name: bytes) -> bytes:
    """A zip that declares its own type, as OpenDocument and EPUB files do."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("mimetype", name)
        made.writestr("a", "x")
    return out.getvalue()


def gif(*blocks: bytes) -> bytes:
    head = b"GIF89a" + struct.pack("<HH", 1, 1) + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + bytes(4) + struct.pack("<HH", 1, 1) + b"\x00\x02\x02\x44\x01\x00"
    return head + b"".join(blocks) + frame + b"\x3b"


def chunk(name: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND")


def flat(width: int, height: int) -> bytes:
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 + 3 * width)) for _ in range(height)) + packer.flush()


TAKEN: dict[str, bytes] = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "svg behind a comment": b"<!--" + b"x" * 5000 + b'--><svg onload="alert(1)"/>',
    "svg with a byte order mark": b"\xef\xbb\xbf<svg onload='alert(1)'/>",
    "svg in UTF-16": b"\xff\xfe" + "<svg onload='alert(1)'/>".encode("utf-16-le"),
    "html": b"<!DOCTYPE html>" + SCRIPT,
    "html behind white space": b"\n" * 3000 + b"<html>" + SCRIPT,
    "html in UTF-7": b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "html of a plain word": b"hello " + SCRIPT,
    "xhtml": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>',
    "xml with a style sheet": b'<?xml version="1.0"?><?xml-stylesheet href="javascript:alert(1)"?><a/>',
    "script": b"alert(document.domain)",
    "gif and script": gif(b"\x21\xfe\x10" + b"*/=1;alert(1);/*" + b"\x00"),
    "gif and html behind": gif() + SCRIPT,
    "jpeg and zip": picture("JPEG") + named_zip(b"x"),
    "jpeg and html in a comment": picture("JPEG", comment=SCRIPT),
    "png and html in its text": png(1, 1, chunk(b"tEXt", b"a\x00" + SCRIPT), chunk(b"IDAT", flat(1, 1))),
    "png and php behind": png(1, 1, chunk(b"IDAT", flat(1, 1))) + b"<?php system($_GET[0]); ?>",
    "pdf and html": b"%PDF-1.7\n" + SCRIPT + b"\n%%EOF",
    "html behind the mark of a program": b"MZ" + SCRIPT,
    "html and pdf": SCRIPT + b"%PDF-1.7",
    "sound and html": b"ID3\x04\x00\x00\x00\x00\x00\x00" + SCRIPT,
    "wav and html behind": sound() + SCRIPT,
    "film and html": film() + SCRIPT,
    "zip that is a page": named_zip(b"application/xhtml+xml"),
    "zip that is a script": named_zip(b"application/javascript"),
    "zip with a line break": named_zip(b"application/x\r\nX-Injected: 1"),
    "zip of no letters": named_zip(b"application/\xff\xfe"),
    "zip of words": named_zip("application/\u00e9".encode()),
    "bomb of a zip": named_zip(b"0" * 1_000_000),
    "eml": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + SCRIPT,
    "nothing but zeros": bytes(1000),
}


async def chat_of(world: World) -> tuple[Person, Json]:
    ana, bo = world.people("ana", "bo")
    return ana, await ana.direct(bo)


@pytest.mark.parametrize("kind", TAKEN)
async def test_nothing_is_served_that_a_browser_would_run(world: World, kind: str) -> None:
    ana, chat = await chat_of(world)
    for name in ("a.png", "a.html"):
        file = await upload(ana, chat, TAKEN[kind], name)
        async with httpx.AsyncClient(base_url=world.worker.url) as browser:
            response = await browser.get(file["url"])
        assert response.status_code == 200
        content_type, headers = response.headers["content-type"], response.headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert "allow-" not in headers["content-security-policy"]
        assert "x-injected" not in headers
        if content_type.startswith(SAFE):
            assert headers["content-disposition"].startswith("inline;")
            if content_type.startswith("image/"):
                for left in (b"script", b"alert", b"<?php", b"PK\x03\x04"):
                    assert left not in response.content
        else:
            assert headers["content-disposition"].startswith("attachment;")
        assert headers["content-type"].isascii()
        assert content_type.startswith(("image/svg", *SAFE)) or headers["content-disposition"].startswith("attachment;")


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "invalid"),
    "many pixels": (png(20_000, 20_000, chunk(b"IDAT", flat(1, 1))), 422, "invalid"),
    "many pixels, packed": (png(3000, 3000, chunk(b"IDAT", flat(3000, 3000))), 422, "invalid"),
    "pixels beyond all bounds": (png(2**31 - 1, 2**31 - 1, chunk(b"IDAT", flat(1, 1))), 422, "invalid"),
    "fewer pixels than named": (png(1000, 1000, chunk(b"IDAT", zlib.compress(b"x"))), 422, "invalid"),
    "half a jpeg": (picture("JPEG")[:900], 422, "invalid"),
    "half a png": (picture("PNG")[:300], 422, "invalid"),
    "half a gif": (picture("GIF")[:-30], 422, "invalid"),
    "half a webp": (picture("WEBP")[:-30], 422, "invalid"),
    "a gif of a million pieces": (gif(b"\x21\xfe" + b"\x01a" * 900_000 + b"\x00"), 422, "invalid"),
    "a jpeg of a million pieces": (
        picture("JPEG")[:2] + b"\xff\xfe\x00\x02" * 450_000 + picture("JPEG")[2:], 422, "invalid"),
    "a webp of a million pieces": (
        picture("WEBP")[:12] + b"JUNK\x00\x00\x00\x00" * 200_000, 422, "invalid"),
    **{name: (content, 415, "unsupported_attachment_type") for name, content in EXECUTABLES.items()},
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
async def test_harmful_files_are_rejected_and_leave_nothing(
    world: World,
    folder: Path,
    kind: str,
) -> None:
    content, status, code = REFUSED[kind]
    ana, chat = await chat_of(world)
    await ana.refused(
        "POST",
        ATTACHMENTS,
        data={"conversation": chat["id"]},
        files={"file": ("a.png", content)},
        status=status,
        code=code,
    )
    assert list((folder / "incoming").iterdir()) == []


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
async def test_a_picture_loses_its_location(world: World, file_format: str) -> None:
    ana, chat = await chat_of(world)
    file = await upload(ana, chat, with_place(file_format, orientation=6))
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        for url in (file["url"], file["thumbnail_url"]):
            content = (await browser.get(url)).content
            assert PLACE not in content
            assert not Image.open(io.BytesIO(content)).getexif()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a\r\nX-Injected: 1.txt", "aX-Injected 1.txt"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("..\\..\\..\\windows\\system.ini", "system.ini"),
        ("/etc/passwd", "passwd"),
        ("..", "file"),
        ('a";filename="b.html', "a;filename=b.html"),
        ("\x00a.txt", "a.txt"),
        ("x" * 3000 + ".html", "x" * 145 + ".html"),
    ],
)
async def test_a_file_name_stays_a_file_name(world: World, name: str, kept: str) -> None:
    ana, chat = await chat_of(world)
    boundary = "b0undary"
    part = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="conversation"\r\n\r\n{chat["id"]}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="'
    )
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    content = part.encode() + escaped.encode() + b'"\r\n\r\nwords\r\n--' + boundary.encode() + b"--\r\n"
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    response = await ana.call("POST", ATTACHMENTS, content=content, headers=headers)
    if response.status_code == 400:
        assert "\x00" in name  # not allowed in a header
        return
    assert (response.status_code, response.json()["filename"]) == (201, kept)
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        served = await browser.get(response.json()["url"])
    assert "x-injected" not in served.headers
    assert served.headers["content-disposition"].count('"') == 2
