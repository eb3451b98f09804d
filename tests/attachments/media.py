"""Films, sound and images that carry a place, a device and texts of their maker, in every way their formats have."""

import io
import struct
from typing import Any

from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from tests.attachments.samples import box, comments, element, film, ogg, picture, sound

CANARY = b"+38.7139-009.1394/Camera of the suite"
SAMPLES = b"position-of-a-drone-" + CANARY


def full_box(name: bytes, *parts: bytes) -> bytes:
    return box(name, bytes(4), *parts)


def large_box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4sQ", 1, name, len(content) + 16) + content


def handler(kind: bytes, name: bytes = b"") -> bytes:
    return full_box(b"hdlr", bytes(4), kind, bytes(12), name, b"\0")


def user_data() -> bytes:
    return box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(CANARY), 0x15C7), CANARY), bytes(4))


def tags() -> bytes:
    """A `meta` box as iPhones write it."""
    keys = full_box(b"keys", struct.pack(">I", 1), box(b"mdta", b"com.apple.quicktime.location.ISO6709"))
    value = box(b"\0\0\0\1", box(b"data", struct.pack(">II", 1, 0), CANARY))
    return box(b"meta", handler(b"mdta"), keys, box(b"ilst", value))


def track(kind: bytes, sample_entry: bytes, *, offset: int, size: int, more: bytes = b"", wide: bool = False) -> bytes:
    chunks = full_box(b"co64" if wide else b"stco", struct.pack(">IQ" if wide else ">II", 1, offset))
    table = box(
        b"stbl",
        full_box(b"stsd", struct.pack(">I", 1), sample_entry),
        full_box(b"stts", struct.pack(">III", 1, 1, 3000)),
        full_box(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        full_box(b"stsz", struct.pack(">III", 0, 1, size)),
        chunks,
    )
    reference = full_box(b"dref", struct.pack(">I", 1), box(b"alis", b"\0\0\0\1", CANARY))
    media = box(
        b"mdia",
        full_box(b"mdhd", b"\x33\x33\x33\x33" * 2, struct.pack(">IIHH", 1000, 1000, 0, 0)),
        handler(kind, CANARY),
        box(b"minf", full_box(b"vmhd", bytes(8)), box(b"dinf", reference), table),
    )
    return box(b"trak", full_box(b"tkhd", b"\x33\x33\x33\x33" * 2, bytes(72)), media, more)


def recording(brand: bytes = b"isom", *, is_header_last: bool = False, wide: bool = False) -> bytes:
    """A film with a picture track, and a track of positions whose samples are in `mdat`."""
    picture_entry = box(b"avc1", bytes(12), b"GoPr", bytes(26), CANARY[:31].ljust(32, b"\0"), bytes(4), user_data())
    positions_entry = box(b"gpmd", bytes(8), CANARY)

    def boxes(media_start: int) -> tuple[bytes, bytes]:
        header = box(
            b"moov",
            full_box(b"mvhd", b"\x33\x33\x33\x33" * 2, struct.pack(">II", 1000, 3000), bytes(80)),
            track(b"vide", picture_entry, offset=media_start, size=10, more=user_data() + tags(), wide=wide),
            track(b"meta", positions_entry, offset=media_start + 10, size=len(SAMPLES), wide=wide),
            user_data(),
            tags(),
            box(b"uuid", b"\xbe\x7a\xcf\xcb" * 4, CANARY),
        )
        content = b"thepicture" + SAMPLES + b"the end"
        return header, large_box(b"mdat", content) if wide else box(b"mdat", content)

    start = box(b"ftyp", brand, bytes(4), brand) + box(b"uuid", b"x" * 16, CANARY) + box(b"free", CANARY)
    header, media = boxes(0)
    before = len(start) + (0 if is_header_last else len(header)) + (16 if wide else 8)
    header, media = boxes(before)
    return start + (media + header if is_header_last else header + media) + tags()


def with_exif(file_format: str, **options: Any) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = exif[0x0110] = CANARY.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 50.0), 29: CANARY.decode()})
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + CANARY
    return picture(file_format, exif=exif.tobytes(), **options)


def avif() -> bytes:
    return with_exif("AVIF", xmp=b"<x:xmpmeta>" + CANARY + b"</x:xmpmeta>", icc_profile=profile())


def tiff(**options: Any) -> bytes:
    exif = Image.Exif()
    exif[270] = exif[271] = exif[305] = exif[315] = CANARY.decode()
    exif[700] = b"<x:xmpmeta>" + CANARY
    exif[65001] = CANARY.decode()  # a private tag
    exif.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 50.0), 29: CANARY.decode()})
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + CANARY
    return picture("TIFF", exif=exif, icc_profile=profile(), **options)


def profile() -> bytes:
    """An sRGB profile with a text and a private tag."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", made, 128)
    text = b"text" + bytes(4) + CANARY + b"\0"
    table = bytearray(struct.pack(">I", count + 1))
    for index in range(count):
        name, start, length = struct.unpack_from(">4sII", made, 132 + 12 * index)
        table += struct.pack(">4sII", name, start + 12, length)
    table += struct.pack(">4sII", b"priv", len(made) + 12, len(text))
    whole = bytearray(made[:128] + table + made[132 + 12 * count :] + text)
    whole[:4] = struct.pack(">I", len(whole))
    whole[48:52] = b"Came"
    return bytes(whole)


def frame(name: bytes, content: bytes, version: int = 3) -> bytes:
    size = struct.pack(">I", len(content))
    if version == 4:
        size = bytes(len(content) >> shift & 127 for shift in (21, 14, 7, 0))
    return name + size + b"\0\0" + content


def mp3(version: int = 3, flags: int = 0) -> bytes:
    frames = (
        frame(b"TIT2", b"\0A title", version)
        + frame(b"PRIV", b"owner\0" + CANARY, version)
        + frame(b"COMM", b"\0eng\0" + CANARY, version)
        + frame(b"APIC", b"\0image/jpeg\0\3\0" + CANARY * 300, version)
        + frame(b"TPE1", b"\0An artist", version)
        + bytes(100)
    )
    size = bytes(len(frames) >> shift & 127 for shift in (21, 14, 7, 0))
    ape_items = struct.pack("<II", len(CANARY), 0) + b"Comment\0" + CANARY
    ape = b"APETAGEX" + struct.pack("<IIII8x", 2000, len(ape_items) + 32, 1, 0)
    old = b"TAG" + b"A title".ljust(90, b"\0") + b"2026" + CANARY[:30].ljust(30, b"\0") + b"\1"
    sound_frames = (b"\xff\xfb\x90\x64" + bytes(413)) * 3
    return b"ID3" + bytes([version, 0, flags]) + size + frames + sound_frames + ape_items + ape + old


def wav() -> bytes:
    content = sound() + b"LIST" + struct.pack("<I", len(CANARY) + 13) + b"INFOICMT\0\0\0\0\0" + CANARY
    return content + bytes(len(content) % 2) + b"bext" + struct.pack("<I", len(CANARY)) + CANARY


def webp_with_unknown_chunk() -> bytes:
    content = picture("WEBP", exif=with_exif("JPEG")[6:200], icc_profile=profile())
    chunk = b"CNRY" + struct.pack("<I", len(CANARY)) + CANARY + bytes(len(CANARY) % 2)
    return content[:4] + struct.pack("<I", len(content) + len(chunk) - 8) + content[8:] + chunk


def png() -> bytes:
    text = PngInfo()
    text.add_itxt("Comment", CANARY.decode(), zip=False)
    return picture("PNG", pnginfo=text, icc_profile=profile())


def mpo(orientation: int = 1) -> bytes:
    """A JPEG with a second picture, as phones write it: MPF, then the whole second file."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0110] = CANARY.decode()
    frames = [Image.open(io.BytesIO(with_exif("JPEG"))) for _ in range(2)]
    out = io.BytesIO()
    frames[0].save(out, "MPO", save_all=True, append_images=frames[1:], exif=exif)
    return out.getvalue()


def gain_map() -> bytes:
    """An Ultra HDR JPEG: XMP that announces a gain map, which is another JPEG after the first."""
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta hdrgm:Version='1.0'>" + CANARY + b"</x:xmpmeta>"
    first = picture("JPEG", comment=CANARY, icc_profile=profile())
    segment = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp
    return first[:2] + segment + first[2:] + with_exif("JPEG")


def webm(doc_type: bytes = b"webm", *, is_live: bool = False, stated: float | None = None) -> bytes:
    """A film with a picture track, a track of positions, and texts in every place that Matroska has for them."""
    info = element(
        0x1549A966,
        element(0x2AD7B1, (1_000_000).to_bytes(3)),
        element(0x4D80, CANARY),
        element(0x5741, CANARY),
        element(0x7BA9, CANARY),
        element(0x4461, b"\x33" * 8),
        element(0x4489, struct.pack(">d", stated)) if stated is not None else b"",
    )
    vorbis = b"\3vorbis" + comments(b"", b"TITLE=A title", b"LOCATION=" + CANARY, vendor=CANARY) + b"\1"
    first = b"\1vorbis" + bytes(23)
    setup = bytes([2, len(first), len(vorbis)]) + first + vorbis + b"\5vorbis"
    tracks = element(
        0x1654AE6B,
        element(0xAE, element(0xD7, b"\1"), element(0x83, b"\1"), element(0x86, b"V_VP9"), element(0x536E, CANARY)),
        element(0xAE, element(0xD7, b"\2"), element(0x83, b"\x21"), element(0x86, b"S_GPS"), element(0x63A2, CANARY)),
        element(0xAE, element(0xD7, b"\3"), element(0x83, b"\2"), element(0x86, b"A_VORBIS"), element(0x63A2, setup)),
    )
    clusters = b"".join(
        element(
            0x1F43B675,
            element(0xE7, start.to_bytes(2)),
            element(0xA3, b"\x81\0\0\x80thepicture"),
            element(0xA3, b"\x82\0\1\0" + SAMPLES),
            element(0xA0, element(0xA1, b"\x82\0\1\0" + SAMPLES)),
            element(0xA3, b"\x81" + struct.pack(">h", 500) + b"\x80thepicture"),
            is_sized=not is_live,
        )
        for start in (0, 1000, 2000)
    )
    tag = element(0x7373, element(0x67C8, element(0x45A3, b"LOCATION"), element(0x4487, CANARY)))
    content = element(0xEC, CANARY), info, tracks, clusters, element(0x1254C367, tag), element(0x1941A469, CANARY)
    return element(0x1A45DFA3, element(0x4282, doc_type)) + element(0x18538067, *content, is_sized=not is_live) + CANARY


TEXTS = (b"TITLE=A title", b"LOCATION=" + CANARY, b"METADATA_BLOCK_PICTURE=" + CANARY * 3_000, b"artist=An artist")


def opus() -> bytes:
    return ogg(
        b"OpusHead\1\2" + struct.pack("<HIHB", 312, 48_000, 0, 0),
        comments(b"OpusTags", *TEXTS, vendor=CANARY),
        b"sound" * 100,
        position=312 + 48_000 * 5 // 2,
    )


def vorbis() -> bytes:
    return ogg(
        b"\1vorbis" + struct.pack("<IBIIIIBB", 0, 2, 44_100, 0, 0, 0, 0xB8, 1),
        comments(b"\3vorbis", *TEXTS, vendor=CANARY) + b"\1",
        b"\5vorbis" + bytes(100),
        b"sound" * 100,
        position=44_100 * 3,
    )


def ogg_with_subtitles() -> bytes:
    """A stream of positions between the pages of a recording."""
    other = ogg(b"positions" + CANARY, CANARY * 10, serial=9)
    return opus() + other + CANARY


def chunk(name: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def avi() -> bytes:
    """A film of a camera, which writes its name and the date into several places."""
    stream = chunk(b"LIST", b"strl", chunk(b"strh", bytes(56)), chunk(b"strf", bytes(40)), chunk(b"strd", CANARY))
    header = chunk(b"LIST", b"hdrl", chunk(b"avih", bytes(56)), stream, chunk(b"IDIT", CANARY))
    info = chunk(b"LIST", b"INFO", chunk(b"ISFT", CANARY), chunk(b"ICRD", CANARY))
    movie = chunk(b"LIST", b"movi", chunk(b"00dc", b"thepicture"))
    return chunk(b"RIFF", b"AVI ", header, info, chunk(b"JUNK", CANARY), movie, chunk(b"idx1", bytes(16))) + CANARY


def flac() -> bytes:
    def block(kind: int, content: bytes) -> bytes:
        return bytes([kind]) + len(content).to_bytes(3) + content

    picture_block = block(6, CANARY * 9)
    return (
        b"fLaC" + block(0, bytes(34)) + block(4, comments(b"", *TEXTS)) + picture_block + block(130, CANARY) + b"sound"
    )


KINDS: dict[str, tuple[bytes, str]] = {
    "mp4": (recording(), "video/mp4"),
    "mp4, header last": (recording(is_header_last=True), "video/mp4"),
    "mp4, 64 bits": (recording(is_header_last=True, wide=True), "video/mp4"),
    "3gp": (recording(b"3gp5"), "video/mp4"),
    "mov": (recording(b"qt  "), "video/quicktime"),
    "m4a": (recording(b"M4A "), "audio/mp4"),
    "webm": (webm(), "video/webm"),
    "webm of a recorder": (webm(is_live=True), "video/webm"),
    "matroska": (webm(b"matroska"), "video/x-matroska"),
    "opus": (opus(), "audio/ogg"),
    "vorbis": (vorbis(), "audio/ogg"),
    "ogg with another stream": (ogg_with_subtitles(), "audio/ogg"),
    "avi": (avi(), "video/x-msvideo"),
    "flac": (flac(), "audio/flac"),
    "film of the samples": (film() + user_data() + CANARY, "video/mp4"),
    "avif": (avif(), "image/avif"),
    "heic": (avif()[:40].replace(b"avif", b"heic") + avif()[40:], "image/heic"),
    "tiff": (tiff(), "image/tiff"),
    "tiff, big": (tiff(big_tiff=True), "image/tiff"),
    "mp3": (mp3(), "audio/mpeg"),
    "mp3, version 4": (mp3(4), "audio/mpeg"),
    "mp3, flagged": (mp3(3, 0x80), "audio/mpeg"),
    "mp3, version 2": (mp3(2), "audio/mpeg"),
    "wav": (wav(), "audio/wav"),
    "webp": (webp_with_unknown_chunk(), "image/webp"),
    "png": (png(), "image/png"),
    "jpeg": (with_exif("JPEG", comment=CANARY, icc_profile=profile()), "image/jpeg"),
    "jpeg, progressive": (with_exif("JPEG", progressive=True, icc_profile=profile()), "image/jpeg"),
    "mpo": (mpo(), "image/jpeg"),
    "ultra hdr": (gain_map(), "image/jpeg"),
}
