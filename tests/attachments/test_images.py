"""Images: measured, with a thumbnail, and without metadata about location and device."""

import hashlib
import io
import struct
import zlib
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.attachments.samples import ATTACHMENTS, PLACE, animation, picture, upload, with_place
from tests.support.world import Json, Person, World

FORMATS = ("JPEG", "PNG", "WEBP")


async def kept(world: World, content: bytes, **fields: str) -> tuple[Json, bytes, bytes]:
    """The result of an upload: description, file, and thumbnail."""
    ana, bo = world.people("ana", "bo")
    made = await upload(ana, await ana.direct(bo), content, "a.img", **fields)
    return made, await fetched(world, made["url"]), await fetched(world, made["thumbnail_url"])


async def fetched(world: World, url: str) -> bytes:
    async with httpx.AsyncClient(base_url=world.worker.url) as browser:
        response = await browser.get(url)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("image/")
    return response.content


def opened(content: bytes) -> Any:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_red(image: Any, x: int, y: int) -> bool:
    red, _, blue = image.convert("RGB").getpixel((x, y))
    return bool(red > 150 > 100 > blue)


@pytest.mark.parametrize("file_format", [*FORMATS, "GIF"])
async def test_an_image_is_measured_and_has_a_thumbnail(world: World, file_format: str) -> None:
    made, original, thumbnail = await kept(world, picture(file_format))
    assert (made["width"], made["height"]) == (640, 400)
    assert (made["size"], made["sha256"]) == (len(original), hashlib.sha256(original).hexdigest())
    assert opened(original).size == (640, 400)
    small = opened(thumbnail)
    assert (small.format, small.size) == ("WEBP", (320, 200))
    assert is_red(small, 10, 10)
    assert not is_red(small, 310, 10)


async def test_a_small_image_is_not_enlarged(world: World) -> None:
    _, _, thumbnail = await kept(world, picture(size=(20, 10)))
    assert opened(thumbnail).size == (20, 10)


@pytest.mark.parametrize("file_format", FORMATS)
async def test_no_image_keeps_its_location(world: World, file_format: str) -> None:
    content = with_place(file_format)
    assert PLACE in content
    assert opened(content).getexif().get_ifd(0x8825)
    for fields in ({}, {"message_type": "file"}):
        _, original, thumbnail = await kept(world, content, **fields)
        for image in (original, thumbnail):
            assert PLACE not in image
            assert b"Camera of the suite" not in image
            assert not opened(image).getexif()


@pytest.mark.parametrize("file_format", FORMATS)
async def test_an_image_is_rotated_before_its_orientation_is_stripped(world: World, file_format: str) -> None:
    made, original, thumbnail = await kept(world, with_place(file_format, orientation=6))
    assert (made["width"], made["height"]) == (400, 640)
    for content in (original, thumbnail):
        image = opened(content)
        assert image.height > image.width
        assert PLACE not in content
        # Rotated clockwise by 90°: the left half is now on top.
        assert is_red(image, image.width // 2, 5)
        assert not is_red(image, image.width // 2, image.height - 5)


@pytest.mark.parametrize("file_format", ["PNG", "GIF", "WEBP"])
async def test_an_animation_stays_animated(world: World, file_format: str) -> None:
    made, original, thumbnail = await kept(world, animation(file_format))
    image: Any = Image.open(io.BytesIO(original))
    assert (image.n_frames, made["width"], made["height"]) == (3, 64, 48)
    image.seek(2)
    image.load()
    assert PLACE not in original
    assert getattr(opened(thumbnail), "n_frames", 1) == 1


async def test_unchanged_pixels_stay_byte_for_byte(world: World) -> None:
    for file_format in ("PNG", "GIF", "WEBP"):
        content = picture(file_format)
        _, original, _ = await kept(world, content)
        assert original == content


@pytest.mark.parametrize("file_format", [*FORMATS, "GIF"])
async def test_data_appended_to_an_image_is_removed(world: World, file_format: str) -> None:
    _, original, _ = await kept(world, picture(file_format) + b"PK\x03\x04<script>" + PLACE)
    assert PLACE not in original
    assert opened(original).size == (640, 400)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
async def test_images_of_every_mode_are_accepted(world: World, mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (40, 30)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    made, original, thumbnail = await kept(world, out.getvalue())
    assert (made["width"], made["height"]) == (40, 30)
    assert opened(original).mode.startswith(mode[0])
    assert opened(thumbnail).size == (40, 30)


def bomb(width: int, height: int) -> bytes:
    """A small PNG file that declares a huge image."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


async def refused(person: Person, chat: Json, content: bytes) -> str:
    files = {"file": ("a.png", content)}
    fields = {"conversation": chat["id"]}
    problem = await person.refused("POST", ATTACHMENTS, data=fields, files=files, status=422, code="invalid")
    assert problem["errors"][0]["loc"] == ["file"]
    return str(problem["errors"][0]["code"])


async def test_too_many_pixels_are_422(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    limit = world.worker.settings.max_image_pixels
    for width, height in ((limit, 2), (20_000, 20_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)):
        assert await refused(ana, chat, bomb(width, height)) in ("too_many_pixels", "unreadable_image")
    assert await refused(ana, chat, picture(size=(2001, 1000))) == "too_many_pixels"
    assert (await upload(ana, chat, picture(size=(2000, 1000))))["width"] == 2000


async def test_an_unreadable_image_is_422(world: World) -> None:
    ana, bo = world.people("ana", "bo")
    chat = await ana.direct(bo)
    for file_format in (*FORMATS, "GIF"):
        whole = picture(file_format)
        for content in (whole[:60], whole[: len(whole) // 2], whole[:40] + b"\xff" * 400):
            assert await refused(ana, chat, content) == "unreadable_image", (file_format, len(content))
    assert await refused(ana, chat, bomb(10, 10)) == "unreadable_image"
