"""One contract for both stores: a folder, and a real S3 server."""

import hashlib
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import NotFound, Unavailable
from wasgo_chat.development.embedded import free_port

LARGE = secrets.token_bytes(12 << 20)  # three parts of a multipart upload
Put = Callable[..., Any]


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return LocalStorage(tmp_path / "store")
    return S3Storage(Settings(**request.getfixturevalue("s3")))


async def put(store: Storage, folder: Path, content: bytes, key: str | None = None) -> str:
    key = key or f"aa/{secrets.token_hex(8)}.original"
    source = folder / secrets.token_hex(8)
    source.write_bytes(content)
    await store.put(key, source, content_type="image/png", disposition='inline; filename="a.png"')
    return key


async def read(store: Storage, key: str, start: int, length: int) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, length)])


@pytest.mark.parametrize("content", [b"x", b"hello" * 100, LARGE], ids=["one byte", "small", "parts"])
async def test_a_stored_object_can_be_read(store: Storage, tmp_path: Path, content: bytes) -> None:
    key = await put(store, tmp_path, content)
    found = await read(store, key, 0, len(content))
    assert hashlib.sha256(found).digest() == hashlib.sha256(content).digest()


async def test_ranges_are_read_in_chunks(store: Storage, tmp_path: Path) -> None:
    key = await put(store, tmp_path, LARGE)
    for start, length in ((0, 1), (1, 1), (5 << 20, 3 << 20), (len(LARGE) - 7, 7), (4_999_999, 262_145)):
        assert await read(store, key, start, length) == LARGE[start : start + length]
    pieces = [len(piece) async for piece in store.read(key, 0, len(LARGE))]
    assert len(pieces) > 5
    assert max(pieces) < 4 << 20


async def test_an_object_is_complete_or_absent(store: Storage, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await read(store, "aa/nothing.original", 0, 1)
    key = await put(store, tmp_path, b"first")
    await put(store, tmp_path, b"second", key)
    assert await read(store, key, 0, 6) == b"second"


async def test_a_deleted_object_is_gone_and_deleting_again_is_no_error(store: Storage, tmp_path: Path) -> None:
    kept, *gone = [await put(store, tmp_path, b"x") for _ in range(4)]
    await store.delete([*gone, "aa/never.thumbnail"])
    await store.delete(gone)
    for key in gone:
        with pytest.raises(NotFound):
            await read(store, key, 0, 1)
    assert await read(store, kept, 0, 1) == b"x"


async def test_a_signed_url_of_the_store_is_valid_for_its_object_only(s3: dict[str, Any], tmp_path: Path) -> None:
    store = S3Storage(Settings(**s3))
    key, other = await put(store, tmp_path, b"0123456789"), await put(store, tmp_path, b"other")
    link = await store.link(key, 60)
    assert link is not None
    async with httpx.AsyncClient() as client:
        whole = await client.get(link)
        assert (whole.status_code, whole.content) == (200, b"0123456789")
        assert whole.headers["content-type"] == "image/png"
        assert whole.headers["content-disposition"] == 'inline; filename="a.png"'
        part = await client.get(link, headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.content) == (206, b"234")
        assert (await client.get(link.replace(key, other))).status_code == 403
        assert (await client.get(link.split("?")[0])).status_code == 403
        assert (await client.put(link, content=b"new")).status_code == 403


async def test_redirects_can_be_switched_off(s3: dict[str, Any]) -> None:
    assert await S3Storage(Settings(**s3, s3_redirect=False)).link("a", 60) is None


async def test_a_folder_has_no_urls(tmp_path: Path) -> None:
    assert await LocalStorage(tmp_path).link("a", 60) is None


async def test_an_unreachable_store_is_unavailable(tmp_path: Path) -> None:
    away: dict[str, Any] = {"s3_bucket": "b", "s3_endpoint": f"http://127.0.0.1:{free_port()}"}
    store = S3Storage(Settings(**away, s3_access_key_id="a", s3_secret_access_key="b"))
    with pytest.raises(Unavailable):
        await put(store, tmp_path, b"x")


async def test_a_wrong_key_is_unavailable(s3: dict[str, Any], tmp_path: Path) -> None:
    store = S3Storage(Settings(**{**s3, "s3_secret_access_key": "another"}))
    with pytest.raises(Unavailable):
        await put(store, tmp_path, b"x")


async def test_an_impossible_folder_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file is in the way")
    with pytest.raises(Unavailable):
        await put(LocalStorage(tmp_path / "store"), tmp_path, b"x")
