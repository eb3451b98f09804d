"""Files to send: small, real, and of every kind."""

import io
import struct
import wave
import zipfile
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.support.world import Json, Person

ATTACHMENTS = "/chat/attachments/"
MESSAGES = "/chat/messages/"
PLACE = b"38 deg 42 min"


def picture(file_format: str = "JPEG", size: tuple[int, int] = (640, 400), **options: Any) -> bytes:
    """A picture whose left half is red and right half blue."""
    image = Image.new("RGB", size, (220, 20, 20))
    image.paste((20, 20, 220), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def with_place(file_format: str, *, orientation: int = 1) -> bytes:
    """A picture with a location and an orientation in its EXIF data."""
    exif = Image.Exif()
    exif[0x0110] = "Camera of the suite"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 50.0), 3: "W", 4: (9.0, 8.0, 22.0), 29: PLACE.decode()})
    options: dict[str, Any] = {"exif": exif}
    if file_format == "PNG":
        text = PngInfo()
        text.add_text("Location", PLACE.decode())
        options["pnginfo"] = text
    if file_format == "JPEG":
        options["comment"] = PLACE
    return picture(file_format, **options)


def animation(file_format: str) -> bytes:
    """An animation of three frames, with a comment if the format has comments."""
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    options: dict[str, Any] = {"comment": PLACE} if file_format == "GIF" else {}
    frames[0].save(out, file_format, save_all=True, append_images=frames[1:], duration=100, loop=0, **options)
    return out.getvalue()


def sound(seconds: float = 0.5) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(8000)
        recording.writeframes(bytes(int(8000 * seconds) * 2))
    return out.getvalue()


def box(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I", len(content) + 8) + name + content


def film(brand: bytes = b"isom", *, handler: bytes = b"vide", seconds: int = 3) -> bytes:
    """The boxes of an MP4 with its type and duration."""
    header = box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, seconds * 1000), bytes(80))
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12))))
    return box(b"ftyp", brand, bytes(4), brand) + box(b"moov", header, track) + box(b"mdat", bytes(64))


def archive(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def element(id_: int, *parts: bytes, is_sized: bool = True) -> bytes:
    """An element of EBML, with a size of eight bytes."""
    content = b"".join(parts)
    size = (len(content) | 1 << 56).to_bytes(8) if is_sized else b"\x01" + b"\xff" * 7
    return id_.to_bytes((id_.bit_length() + 7) // 8) + size + content


def matroska(*tracks: tuple[int, bytes], doc_type: bytes = b"webm", more: bytes = b"") -> bytes:
    """The beginning of a Matroska file, with tracks of these types and codecs."""
    entries = b"".join(
        element(0xAE, element(0xD7, bytes([number])), element(0x83, bytes([kind])), element(0x86, codec))
        for number, (kind, codec) in enumerate(tracks, 1)
    )
    header = element(0x1A45DFA3, element(0x4282, doc_type))
    return header + element(0x18538067, element(0x1654AE6B, entries), more)


def late_tracks() -> bytes:
    void = element(0xEC, bytes(100_000))
    return element(0x1A45DFA3, element(0x4282, b"webm")) + element(
        0x18538067, void, element(0x1654AE6B, element(0xAE, element(0xD7, b"\1"), element(0x83, b"\2")))
    )


def comments(start: bytes, *texts: bytes, vendor: bytes = b"x") -> bytes:
    """A packet of Vorbis comments."""
    listed = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return start + struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(texts)) + listed


def ogg(*packets: bytes, serial: int = 7, position: int = 0, page_bytes: int = 255 * 250) -> bytes:
    """An Ogg file of one stream. Each packet begins a page; `position` is that of the last page."""
    pages = []
    for at, packet in enumerate(packets):
        lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
        per_page = page_bytes // 255
        for start in range(0, len(lacing), per_page):
            part = lacing[start : start + per_page]
            content = packet[start * 255 : start * 255 + sum(part)]
            flags = (1 if start else 0) | (2 if at == 0 else 0)
            is_last = at == len(packets) - 1 and start + per_page >= len(lacing)
            pages.append((flags, position if is_last else 0, part, content))
    out = b""
    for number, (flags, granule, part, content) in enumerate(pages):
        head = struct.pack("<4sBBQIIIB", b"OggS", 0, flags, granule, serial, number, 0, len(part)) + part
        page = head + content
        out += page[:22] + struct.pack("<I", ogg_checksum(page)) + page[26:]
    return out


def ogg_checksum(page: bytes) -> int:
    """CRC-32 of a page whose checksum is zero, as RFC 3533 describes it: bit by bit."""
    remainder = 0
    for byte in page:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x04C11DB7 if remainder >> 31 else 0)) & 0xFFFFFFFF
    return remainder


KINDS: dict[str, tuple[bytes, str]] = {
    "jpeg": (picture("JPEG"), "image/jpeg"),
    "png": (picture("PNG"), "image/png"),
    "gif": (picture("GIF"), "image/gif"),
    "webp": (picture("WEBP"), "image/webp"),
    "wav": (sound(), "audio/wav"),
    "mp3": (b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(64), "audio/mpeg"),
    "bare mp3": (b"\xff\xfb\x90\x64" + bytes(400), "audio/mpeg"),
    "ogg": (ogg(b"OpusHead\1\1\0\0", comments(b"OpusTags")), "audio/ogg"),
    "m4a": (film(b"M4A ", handler=b"soun"), "audio/mp4"),
    "sound of a phone": (film(handler=b"soun"), "audio/mp4"),
    "sound webm": (matroska((2, b"A_OPUS")), "audio/webm"),
    "mp4": (film(), "video/mp4"),
    "mov": (film(b"qt  "), "video/quicktime"),
    "webm": (matroska((1, b"V_VP9"), (2, b"A_OPUS")), "video/webm"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
    "zip": (archive("a.txt"), "application/zip"),
    "docx": (
        archive("[Content_Types].xml", "word/document.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "text": ("Olá, mundo\n".encode(), "text/plain"),
    "script": (b"alert(document.cookie)\n", "text/plain"),
    "html": (b"\n <!DOCTYPE html><script>alert(1)</script>", "text/html"),
    "html without a type": (b"<script>alert(1)</script>", "text/html"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "image/svg+xml"),
    "svg in xml": (b'<?xml version="1.0"?><!-- x --><svg onload="alert(1)"/>', "image/svg+xml"),
    "xhtml": (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "application/xhtml+xml"),
    "xml": (b'<?xml version="1.0"?><a/>', "application/xml"),
    "amr": (b"#!AMR\n" + bytes(100), "audio/amr"),
    "wide amr": (b"#!AMR-WB\n" + bytes(100), "audio/amr"),
    "table that begins with MZ": (b"MZ-1042;12;x\n", "text/plain"),
    "words that begin with Cr24": (b"Cr24 is a number\n", "text/plain"),
    "long sound of a phone": (
        box(b"ftyp", b"mp42", bytes(4), b"isom")
        + box(b"mdat", bytes(100_000))
        + box(
            b"moov",
            box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 3000), bytes(80)),
            box(
                b"trak",
                box(
                    b"mdia",
                    box(b"hdlr", bytes(8), b"soun", bytes(12)),
                    box(b"minf", box(b"stbl", box(b"stts", bytes(200_000)))),
                ),
            ),
        ),
        "audio/mp4",
    ),
    "heim": (box(b"ftyp", b"heim", bytes(4), b"mif1"), "image/heic"),
    "avif in mif1": (box(b"ftyp", b"mif1", bytes(4), b"miaf", b"avif"), "image/avif"),
    "picture of an unknown brand": (
        box(b"ftyp", b"new1", bytes(4)) + box(b"meta", bytes(4), box(b"hdlr", bytes(8), b"pict", bytes(12))),
        "image/heic",
    ),
    "h264 webm": (matroska((1, b"V_MPEG4/ISO/AVC")), "video/webm"),
    "webm with tracks after much else": (late_tracks(), "audio/webm"),
    "tiff": (picture("TIFF", size=(8, 8)), "image/tiff"),
    "noise": (bytes(range(1, 255)) * 3, "application/octet-stream"),
}

EXECUTABLES: dict[str, bytes] = {
    "windows": b"MZ\x90\x00" + bytes(64),
    "linux": b"\x7fELF\x02\x01\x01" + bytes(64),
    "mac": b"\xcf\xfa\xed\xfe" + bytes(64),
    "java class": b"\xca\xfe\xba\xbe\x00\x00\x00\x41",
    "jar": archive("META-INF/MANIFEST.MF", "A.class"),
    "apk": archive("AndroidManifest.xml", "classes.dex"),
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "wasm": b"\x00asm\x01\x00\x00\x00",
}


async def upload(person: Person, chat: Json, content: bytes, name: str = "a.bin", **fields: str) -> Json:
    made: Json = await person.ok(
        "POST",
        ATTACHMENTS,
        data={"conversation": chat["id"], **fields},
        files={"file": (name, content)},
        status=201,
    )
    return made


async def send_files(person: Person, chat: Json, *files: tuple[str, bytes], **fields: str) -> Json:
    sent: Json = await person.ok(
        "POST",
        MESSAGES,
        data={"conversation": chat["id"], **fields},
        files=[("files", file) for file in files],
        status=201,
    )
    return sent
