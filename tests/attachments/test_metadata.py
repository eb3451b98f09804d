"""Place, device and texts leave every type of file that is cleaned; what remains is as usable as before."""

import contextlib
import io
import random
import struct
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageCms

from tests.attachments.media import (
    CANARY,
    KINDS,
    chunk,
    flac,
    full_box,
    mp3,
    mpo,
    opus,
    profile,
    recording,
    tiff,
    user_data,
    vorbis,
    webm,
)
from tests.attachments.samples import ATTACHMENTS, box, comments, ogg, ogg_checksum, picture, upload
from tests.support.world import Json, World
from wasgo_chat.attachments.upload.content_types import CLEANED, IMAGES
from wasgo_chat.attachments.upload.duration import duration_of
from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile
from wasgo_chat.attachments.upload.metadata.cleaning import IN_PLACE, clean_in_place
from wasgo_chat.attachments.upload.metadata.icc import clean_profile
from wasgo_chat.attachments.upload.metadata.image_blocks import STRIPPERS

MUTATIONS = 150
LIMIT_S = 2.0


async def kept(world: World, content: bytes) -> tuple[Json, bytes]:
    ana, bo = world.people("ana", "bo")
    made = await upload(ana, await ana.direct(bo), content, "a.bin")
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        served = await browser.get(made["url"])
    assert served.status_code == 200
    return made, served.content


@pytest.mark.parametrize("kind", KINDS)
async def test_no_type_keeps_where_and_by_whom_it_was_made(world: World, kind: str) -> None:
    content, content_type = KINDS[kind]
    assert CANARY[:30] in content or CANARY.decode().encode("utf-16-le") in content
    made, served = await kept(world, content)
    assert made["content_type"] == content_type
    assert made["size"] == len(served)
    for part in (CANARY, CANARY[:12], CANARY[-12:], b"Camera of", b"GoPr", b"\x33\x33\x33\x33"):
        assert part not in served, part
    if not content_type.startswith("image/") or content_type in IN_PLACE:
        assert len(served) == len(content)


async def test_a_film_keeps_its_boxes_and_its_picture(world: World) -> None:
    for content in (recording(), recording(is_header_last=True), recording(wide=True, is_header_last=True)):
        made, served = await kept(world, content)
        assert made["duration"] == 3.0
        at = content.index(b"thepicture")
        assert served.index(b"thepicture") == at
        assert served.count(b"stco") + served.count(b"co64") == 1
        assert served.index(b"moov") == content.index(b"moov")


async def test_a_second_picture_is_dropped_and_the_first_is_upright(world: World) -> None:
    made, served = await kept(world, mpo(6))
    assert (made["width"], made["height"]) == (400, 640)
    image = Image.open(io.BytesIO(served))
    assert (image.format, image.size) == ("JPEG", (400, 640))
    assert served.count(b"\xff\xd8\xff") == 1


@pytest.mark.parametrize("kind", ["avif", "tiff", "tiff, big", "webp", "png", "jpeg", "jpeg, progressive"])
async def test_an_image_keeps_its_pixels_and_colours(world: World, kind: str) -> None:
    content, _ = KINDS[kind]
    _, served = await kept(world, content)
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(served))
    assert list(before.convert("RGB").resize((8, 8)).tobytes()) == list(after.convert("RGB").resize((8, 8)).tobytes())
    exif = after.getexif()
    assert not exif.get_ifd(0x8825)
    assert 271 not in exif
    cleaned = after.info["icc_profile"]
    assert ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(cleaned))).strip() == "icc"
    shown = ImageCms.profileToProfile(after.convert("RGB"), io.BytesIO(cleaned), ImageCms.createProfile("sRGB"))
    assert shown is not None
    first, second = shown.getpixel((10, 10)), before.convert("RGB").getpixel((10, 10))
    assert all(abs(a - b) <= 3 for a, b in zip(first, second, strict=True))  # type: ignore[arg-type]  # RGB


async def test_music_keeps_its_title(world: World) -> None:
    for version in (3, 4):
        _, served = await kept(world, mp3(version))
        assert served.startswith(b"ID3")
        assert b"A title" in served
        assert b"An artist" in served
        assert served.count(b"\xff\xfb\x90\x64") == 3


def test_every_type_that_is_cleaned_has_a_function() -> None:
    assert set(IN_PLACE) | IMAGES == CLEANED
    assert not set(IN_PLACE) & IMAGES


ENDLESS_PAGE = b"OggS\0\1" + bytes(8) + b"\7" + bytes(11) + b"\1\xff" + bytes(255)
OPEN_CLUSTER = webm(is_live=True)[: webm(is_live=True).rindex(b"\x1f\x43\xb6\x75") + 12]
MANY_COMMENTS = comments(b"", *[b""] * 1_000_000)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "tiny blocks": (OPEN_CLUSTER + b"\xa3\x80" * 2_000_000, "video/webm"),
    "tiny clusters": (OPEN_CLUSTER + b"\x1f\x43\xb6\x75\xff" * 800_000, "video/webm"),
    "tiny pages": (opus() + (b"OggS" + bytes(22) + b"\0") * 500_000, "audio/ogg"),
    "a packet without an end": (ogg(b"OpusHead" + bytes(11)) + ENDLESS_PAGE * 15_000, "audio/ogg"),
    "tiny boxes": (recording() + b"\0\0\0\x08moof" * 1_000_000, "video/mp4"),
    "tiny chunks": (chunk(b"RIFF", b"AVI ", b"abcd\0\0\0\0" * 1_000_000), "video/x-msvideo"),
    "tiny comments": (flac()[:42] + b"\x84" + len(MANY_COMMENTS).to_bytes(3) + MANY_COMMENTS, "audio/flac"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_of_many_tiny_parts_does_not_take_long(tmp_path: Path, kind: str) -> None:
    content, content_type = HOSTILE[kind]
    path = tmp_path / "hostile"
    path.write_bytes(content)
    for work in (lambda: clean_in_place(path, content_type), lambda: duration_of(path, content_type)):
        started = time.process_time()
        work()
        assert time.process_time() - started < 10 * LIMIT_S


async def test_a_recording_keeps_its_title_and_its_sound(world: World) -> None:
    for content in (opus(), vorbis()):
        made, served = await kept(world, content)
        assert made["duration"] == (2.5 if b"OpusHead" in content else 3.0)
        assert served.count(b"sound") == 100
        for text in (b"TITLE=A title", b"artist=An artist"):
            assert served.count(text) == 1
        assert b"LOCATION" not in served
        position = 0
        while position < len(served):
            count = served[position + 26]
            end = position + 27 + count + sum(served[position + 27 : position + 27 + count])
            page = served[position:end]
            assert int.from_bytes(page[22:26], "little") == ogg_checksum(page[:22] + bytes(4) + page[26:])
            position = end


@pytest.mark.parametrize("is_live", [False, True], ids=["of a program", "of a recorder"])
async def test_a_webm_keeps_its_picture_and_loses_other_tracks(world: World, is_live: bool) -> None:
    content = webm(is_live=is_live)
    made, served = await kept(world, content)
    assert made["duration"] == 3.0
    assert served.count(b"thepicture") == 6
    assert b"position-of-a-drone" not in served
    assert b"TITLE=A title" in served


def test_a_profile_that_is_not_valid_is_dropped() -> None:
    whole = profile()
    assert clean_profile(whole) is not None
    for wrong in (b"", whole[:100], whole[:36] + b"none" + whole[40:], whole[:128] + b"\xff\xff\xff\xff" + whole[132:]):
        assert clean_profile(wrong) is None
    cleaned = clean_profile(clean_profile(whole) or b"")
    assert cleaned == clean_profile(whole)


def raw_photo() -> bytes:
    """A TIFF that says it is a DNG."""
    content = tiff()
    (start,) = struct.unpack_from("<I", content, 4)
    (count,) = struct.unpack_from("<H", content, start)
    directory = content[start + 2 : start + 2 + 12 * count]
    moved = len(content)
    entries = directory + struct.pack("<HHIB3x", 50706, 1, 4, 1)
    return content[:4] + struct.pack("<I", moved) + content[8:] + struct.pack("<H", count + 1) + entries + bytes(4)


def test_a_raw_photo_loses_its_place_and_stays_readable(tmp_path: Path) -> None:
    path = tmp_path / "a.dng"
    path.write_bytes(raw_photo())
    assert clean_in_place(path, "image/tiff")
    image = Image.open(path)
    image.load()
    assert image.getexif()[50706]
    assert image.getexif()[271] == CANARY.decode()  # decoders need the make
    assert not image.getexif().get_ifd(0x8825)
    assert 315 not in image.getexif()


BROKEN = {
    "a box that ends after its parent": box(b"ftyp", b"isom") + box(b"moov", struct.pack(">I4s", 1 << 20, b"trak")),
    "a header that is cut off": box(b"ftyp", b"isom") + box(b"mdat", b"x") + struct.pack(">I4s", 1 << 20, b"moov"),
    "more entries than the table has": box(b"ftyp", b"isom")
    + box(b"moov", box(b"trak", box(b"mdia", full_box(b"hdlr", bytes(4), b"meta", bytes(12)), box(
        b"minf", box(b"stbl", full_box(b"stco", b"\xff\xff\xff\xff"), full_box(b"stsc"), full_box(b"stsz")))))),
    "a chain without an end": b"II\x2a\0\x08\0\0\0" + struct.pack("<HI", 0, 8),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_file_without_a_valid_structure_is_422(world: World, folder: Path, kind: str) -> None:
    ana, bo = world.people("ana", "bo")
    fields, files = {"conversation": (await ana.direct(bo))["id"]}, {"file": ("a.bin", BROKEN[kind])}
    problem = await ana.refused("POST", ATTACHMENTS, data=fields, files=files, status=422, code="invalid")
    assert problem["errors"][0]["code"] == "unreadable_media"
    assert list((folder / "incoming").iterdir()) == []


async def test_a_recording_that_was_cut_off_is_accepted(world: World) -> None:
    content = recording(is_header_last=False)
    end = content.index(b"the end")
    _, served = await kept(world, content[:end])
    assert CANARY not in served
    assert b"thepicture" in served


def mutated(content: bytes, dice: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(changed))
        match dice.randrange(4):
            case 0:
                changed[at] = dice.randrange(256)
            case 1:
                changed[at : at + 4] = dice.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x7f\xff\xff\xff"])
            case 2:
                del changed[at : at + dice.randint(1, 40)]
            case 3:
                changed[at:at] = changed[dice.randrange(len(changed)) :][: dice.randint(1, 60)]
    return bytes(changed) or b"\0"


@pytest.mark.parametrize("kind", KINDS)
def test_no_mutation_raises_anything_else_or_takes_long(tmp_path: Path, kind: str) -> None:
    content, content_type = KINDS[kind]
    dice = random.Random(kind)
    source, target = tmp_path / "source", tmp_path / "target"
    for _ in range(MUTATIONS):
        attempt = mutated(content, dice)
        source.write_bytes(attempt)
        started = time.process_time()
        if content_type in IN_PLACE:
            clean_in_place(source, content_type)
            assert source.stat().st_size == len(attempt)
        else:
            with contextlib.suppress(CorruptFile):
                STRIPPERS[content_type](source, target)
        assert time.process_time() - started < LIMIT_S


def test_fill_bytes_of_a_jpeg_do_not_make_stripping_slow(tmp_path: Path) -> None:
    """A JPEG that is nothing but fill bytes, before its first marker and in its coded data."""
    source, target = tmp_path / "source", tmp_path / "target"
    fill = b"\xff" * 1_000_000
    for content in (
        b"\xff\xd8" + fill + b"\x00",
        b"\xff\xd8\xff\xda\x00\x02" + fill + b"\x00",
        b"\xff\xd8\xff\xda\x00\x02" + fill,
    ):
        source.write_bytes(content)
        started = time.process_time()
        with contextlib.suppress(CorruptFile):
            STRIPPERS["image/jpeg"](source, target)
        assert time.process_time() - started < LIMIT_S


def test_hostile_tables_do_not_make_blanking_slow(tmp_path: Path) -> None:
    """Each of many chunks names nearly the whole file as its sample."""
    path = tmp_path / "a.mp4"
    chunks = 100_000
    table = box(
        b"stbl",
        full_box(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        full_box(b"stsz", struct.pack(">II", 1 << 20, chunks)),
        full_box(b"stco", struct.pack(">I", chunks), bytes(4 * chunks)),
    )
    media = box(b"mdia", full_box(b"hdlr", bytes(4), b"meta", bytes(12)), box(b"minf", table))
    path.write_bytes(box(b"ftyp", b"isom") + box(b"moov", box(b"trak", media)) + user_data() + picture())
    for content in (path.read_bytes(), box(b"ftyp", b"isom") + box(b"moov", box(b"free") * 500_000)):
        path.write_bytes(content)
        started = time.process_time()
        assert not clean_in_place(path, "video/mp4")
        assert time.process_time() - started < 2 * LIMIT_S
