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


WEBM = b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webmB\x87\x81\x04"

KINDS: dict[str, tuple[bytes, str]] = {
    "jpeg": (picture("JPEG"), "image/jpeg"),
    "png": (picture("PNG"), "image/png"),
    "gif": (picture("GIF"), "image/gif"),
    "webp": (picture("WEBP"), "image/webp"),
    "wav": (sound(), "audio/wav"),
    "mp3": (b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(64), "audio/mpeg"),
    "bare mp3": (b"\xff\xfb\x90\x64" + bytes(400), "audio/mpeg"),
    "ogg": (b"OggS" + bytes(24) + b"\x01vorbis" + bytes(64), "audio/ogg"),
    "m4a": (film(b"M4A ", handler=b"soun"), "audio/mp4"),
    "sound of a phone": (film(handler=b"soun"), "audio/mp4"),
    "sound webm": (WEBM + b"A_OPUS" + bytes(64), "audio/webm"),
    "mp4": (film(), "video/mp4"),
    "mov": (film(b"qt  "), "video/quicktime"),
    "webm": (WEBM + b"V_VP9" + bytes(64), "video/webm"),
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
    "h264 webm": (WEBM + b"V_MPEG4/ISO/AVC" + bytes(64), "video/webm"),
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
