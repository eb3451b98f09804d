"""Images that browsers may not display: HEIC, AVIF, TIFF and BMP have a thumbnail, and are stored as they are."""

import asyncio
import io
import struct
from pathlib import Path
from typing import Any

import httpx
import pillow_heif
import pytest
from PIL import Image

from tests.attachments.media import CANARY, avif, profile
from tests.attachments.samples import ATTACHMENTS, MESSAGES, picture, send_files, upload
from tests.attachments.test_metadata import raw_photo
from tests.support.workers import make_settings
from tests.support.world import Json, World, world_with
from wasgo_chat.attachments.upload.decoder.previews import PREVIEW_PIXELS

RED, BLUE = (220, 30, 30), (30, 30, 220)


def halves(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image.convert(mode)


def saved(image: Image.Image, file_format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, file_format, **options)
    return out.getvalue()


def heic(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    made = Image.Exif()
    made[0x0112] = orientation
    made[0x0110] = CANARY.decode()
    made.get_ifd(0x8825).update({1: "N", 2: (38.0, 42.0, 50.0), 29: CANARY.decode()})
    return made.tobytes()


async def fetched(world: World, url: str | None) -> bytes:
    assert url is not None
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        response = await browser.get(url)
    assert response.status_code == 200
    return response.content


async def sent(world: World, content: bytes, *, message_type: str = "image") -> Json:
    ana, bo = world.people("ana", "bo")
    message = await send_files(ana, await ana.direct(bo), ("photo", content), message_type=message_type)
    made: Json = message["attachments"][0]
    return made


async def shown(world: World, made: Json) -> Any:
    thumbnail = Image.open(io.BytesIO(await fetched(world, made["thumbnail_url"])))
    assert thumbnail.format == "WEBP"
    return thumbnail.convert("RGB")


def is_near(found: Any, wanted: tuple[int, int, int]) -> bool:
    return all(abs(a - b) < 40 for a, b in zip(found, wanted, strict=True))


def are_halves(image: Any) -> None:
    assert is_near(image.getpixel((image.width // 4, image.height // 2)), RED)
    assert is_near(image.getpixel((image.width * 3 // 4, image.height // 2)), BLUE)


PICTURES: dict[str, tuple[bytes, str]] = {
    "heic": (heic(halves(), exif=exif(), quality=90), "image/heic"),
    "heic with transparency": (heic(halves(mode="RGBA"), quality=90), "image/heic"),
    "avif": (saved(halves(), "AVIF", exif=exif()), "image/avif"),
    "tiff": (saved(halves(), "TIFF"), "image/tiff"),
    "tiff with strips of JPEG": (saved(halves(), "TIFF", compression="jpeg"), "image/tiff"),
    "tiff with LZW": (saved(halves(), "TIFF", compression="tiff_lzw"), "image/tiff"),
    "tiff for print": (saved(halves(mode="CMYK"), "TIFF"), "image/tiff"),
    "tiff with a palette": (saved(halves(mode="P"), "TIFF"), "image/tiff"),
    "tiff of two pages": (saved(halves(), "TIFF", save_all=True, append_images=[halves(9, 9)]), "image/tiff"),
    "bmp": (saved(halves(), "BMP"), "image/bmp"),
    "bmp with a palette": (saved(halves(mode="P"), "BMP"), "image/bmp"),
    "bmp with transparency": (saved(halves(mode="RGBA"), "BMP"), "image/bmp"),
}


@pytest.mark.parametrize("kind", PICTURES)
async def test_a_picture_has_its_size_and_a_thumbnail(world: World, kind: str) -> None:
    content, content_type = PICTURES[kind]
    for made in (await sent(world, content), await sent(world, content, message_type="file")):
        assert (made["content_type"], made["width"], made["height"]) == (content_type, 640, 400)
        thumbnail = await shown(world, made)
        assert thumbnail.size == ((320, 200) if content_type in ("image/avif", "image/bmp") else (640, 400))
        are_halves(thumbnail)
        assert CANARY not in await fetched(world, made["url"])


@pytest.mark.parametrize("kind", ["heic", "avif", "tiff", "bmp"])
async def test_only_what_browsers_display_is_served_inline(world: World, kind: str) -> None:
    content, content_type = PICTURES[kind]
    made = await sent(world, content)
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        headers = (await browser.get(made["url"])).headers
    assert headers["content-disposition"].split(";")[0] == ("inline" if kind in ("avif", "bmp") else "attachment")
    if kind in ("avif", "bmp"):
        assert headers["content-type"] == content_type


@pytest.mark.parametrize("kind", ["heic", "tiff"])
async def test_the_picture_of_a_type_that_browsers_do_not_display_is_large(world: World, kind: str) -> None:
    large = halves(2_000, 1_000)
    made = await sent(world, heic(large) if kind == "heic" else saved(large, "TIFF", compression="tiff_lzw"))
    assert (await shown(world, made)).size == (PREVIEW_PIXELS, PREVIEW_PIXELS // 2)


def turned(file_format: str) -> bytes:
    """A picture of 400 by 640 that is stored on its side."""
    lying = halves().transpose(Image.Transpose.ROTATE_90)
    if file_format == "HEIC":
        return heic(lying, exif=exif(6), quality=90)
    if file_format == "TIFF":
        tags = Image.Exif()
        tags[0x0112] = 6
        return saved(lying, "TIFF", exif=tags)
    return saved(lying, file_format, exif=exif(6))


@pytest.mark.parametrize("file_format", ["HEIC", "AVIF", "TIFF"])
async def test_a_thumbnail_is_upright(world: World, file_format: str) -> None:
    made = await sent(world, turned(file_format))
    assert (made["width"], made["height"]) == (640, 400)
    thumbnail = await shown(world, made)
    assert thumbnail.width > thumbnail.height
    are_halves(thumbnail)


async def test_values_of_sixteen_bits_are_scaled(world: World) -> None:
    dark = Image.new("I;16", (100, 50), 1_000)
    dark.paste(60_000, (50, 0, 100, 50))
    thumbnail = await shown(world, await sent(world, saved(dark, "TIFF")))
    assert is_near(thumbnail.getpixel((20, 25)), (0, 0, 0))
    assert is_near(thumbnail.getpixel((80, 25)), (255, 255, 255))


@pytest.mark.parametrize(
    "content",
    [
        PICTURES["heic"][0][: len(PICTURES["heic"][0]) * 2 // 3],
        PICTURES["avif"][0][: len(PICTURES["avif"][0]) * 2 // 3],
        picture("TIFF", size=(600, 600))[:-1_000],
        PICTURES["bmp"][0][:10_000],
    ],
    ids=["heic", "avif", "tiff", "bmp"],
)
async def test_what_cannot_be_decoded_is_a_file_and_no_image(world: World, content: bytes) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    problem = await ana.refused(
        "POST",
        MESSAGES,
        data={"conversation": chat["id"], "message_type": "image"},
        files={"files": ("a", content)},
        status=422,
        code="invalid",
    )
    assert problem["errors"][0]["code"] in ("unreadable_image", "unreadable_media")


async def test_a_picture_without_a_valid_end_is_stored_without_a_thumbnail(world: World) -> None:
    made = await sent(world, PICTURES["bmp"][0][:10_000], message_type="file")
    assert (made["content_type"], made["thumbnail_url"]) == ("image/bmp", None)


async def test_a_raw_photo_is_not_taken_for_its_small_preview(world: World) -> None:
    for message_type in ("file", "image"):
        made = await sent(world, raw_photo(), message_type=message_type)
        assert (made["content_type"], made["thumbnail_url"], made["width"]) == ("image/tiff", None, None)


async def test_a_picture_that_is_too_large_to_decode_is_stored_without_a_thumbnail(
    database: str, tmp_path: Path
) -> None:
    settings = make_settings(database, storage_dir=tmp_path, image_decoder_memory_bytes=67_108_864)
    async with world_with(settings) as world:
        made = await sent(world, saved(halves(4_000, 3_000, "1"), "TIFF", compression="group4"))
        assert (made["width"], made["height"], made["thumbnail_url"]) == (4_000, 3_000, None)
        assert (await sent(world, PICTURES["heic"][0]))["thumbnail_url"] is not None
        left = [path.suffix for path in await asyncio.to_thread(lambda: list(tmp_path.rglob("*.*")))]
        assert (left.count(".incoming"), left.count(".thumbnail")) == (0, 1)


async def test_a_picture_of_equal_pixels_is_not_decoded(world: World) -> None:
    made = await sent(world, saved(Image.new("1", (12_000, 9_000)), "TIFF", compression="group4"))
    assert (made["content_type"], made["thumbnail_url"]) == ("image/tiff", None)


def v5(content: bytes, space: bytes, text: bytes) -> bytes:
    """A BMP with the fifth version of the header, a profile at its end, and a text between its parts."""
    (start,) = struct.unpack_from("<I", content, 10)
    pixels = content[start:]
    header = struct.pack("<I", 124) + content[18:54]
    gap = text + bytes(-len(text) % 4)
    offset = 14 + 124 + len(gap)
    profile_at = 124 + len(gap) + len(pixels)
    fields = bytes(16) + space + bytes(48) + struct.pack("<IIII", 4, profile_at, len(text), 0)
    whole = header + fields + gap + pixels + text
    return b"BM" + struct.pack("<IHHI", 14 + len(whole), 0, 0, offset) + whole


@pytest.mark.parametrize("space", [b"DEBM", b"KNIL"], ids=["embedded", "linked"])
async def test_a_bmp_loses_its_profile_and_what_is_between_its_parts(world: World, space: bytes) -> None:
    content = v5(PICTURES["bmp"][0], space, CANARY + profile())
    made = await sent(world, content)
    assert made["content_type"] == "image/bmp"
    served = await fetched(world, made["url"])
    assert CANARY[:12] not in served
    assert len(served) == len(content)
    image = Image.open(io.BytesIO(served))
    assert image.format == "BMP"
    are_halves(image.convert("RGB"))


async def test_a_text_that_begins_with_bm_is_a_text(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for content in (b"BM", b"BMW-X5;12;34;56\n" * 10, b"BM\n"):
        assert (await upload(ana, chat, content))["content_type"] == "text/plain"


async def test_an_avif_of_a_phone_has_a_thumbnail_and_no_place(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    made = await upload(ana, await ana.direct(bo), avif(), "a.avif")
    assert made["thumbnail_url"] is not None
    assert CANARY[:12] not in await fetched(world, made["url"])
    assert (await ana.ok("GET", f"{ATTACHMENTS}{made['id']}/"))["width"] == made["width"]
