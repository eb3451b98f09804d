"""The contract of `attachments.storage.Storage`."""

import hashlib
import secrets
from pathlib import Path

import httpx
import pytest

from wasgo_chat.attachments.storage import Storage
from wasgo_chat.core.errors import NotFound, Unavailable

LARGE = secrets.token_bytes(12 << 20)
"""More than any buffer: three parts of a multipart upload to S3."""


async def put(storage: Storage, folder: Path, content: bytes, key: str | None = None) -> str:
    key = key or f"aa/{secrets.token_hex(8)}.original"
    source = folder / secrets.token_hex(8)
    source.write_bytes(content)
    await storage.put(key, source, content_type="image/png", disposition='inline; filename="a.png"')
    return key


async def read(storage: Storage, key: str, start: int, length: int) -> bytes:
    return b"".join([piece async for piece in storage.read(key, start, length)])


class StorageContract:
    """Derive from this class and provide the fixtures `storage` and `unavailable_storage`."""

    @pytest.fixture
    def storage(self) -> Storage:
        """An empty storage."""
        raise NotImplementedError

    @pytest.fixture
    def unavailable_storage(self) -> Storage:
        """A storage whose server or disk cannot be used."""
        raise NotImplementedError

    @pytest.mark.parametrize("content", [b"x", b"hello" * 100, LARGE], ids=["one byte", "small", "parts"])
    async def test_reads_what_was_put(self, storage: Storage, tmp_path: Path, content: bytes) -> None:
        key = await put(storage, tmp_path, content)
        stored = await read(storage, key, 0, len(content))
        assert hashlib.sha256(stored).digest() == hashlib.sha256(content).digest()

    async def test_reads_ranges_in_pieces(self, storage: Storage, tmp_path: Path) -> None:
        key = await put(storage, tmp_path, LARGE)
        for start, length in ((0, 1), (1, 1), (5 << 20, 3 << 20), (len(LARGE) - 7, 7), (4_999_999, 262_145)):
            assert await read(storage, key, start, length) == LARGE[start : start + length]
        pieces = [len(piece) async for piece in storage.read(key, 0, len(LARGE))]
        assert len(pieces) > 5
        assert max(pieces) < 4 << 20

    async def test_a_key_is_complete_or_missing(self, storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            await read(storage, "aa/nothing.original", 0, 1)
        key = await put(storage, tmp_path, b"first")
        await put(storage, tmp_path, b"second", key)
        assert await read(storage, key, 0, 6) == b"second"

    async def test_deleting_is_idempotent(self, storage: Storage, tmp_path: Path) -> None:
        kept, *deleted = [await put(storage, tmp_path, b"x") for _ in range(4)]
        await storage.delete([*deleted, "aa/never.thumbnail"])
        await storage.delete(deleted)
        for key in deleted:
            with pytest.raises(NotFound):
                await read(storage, key, 0, 1)
        assert await read(storage, kept, 0, 1) == b"x"

    async def test_a_link_serves_only_its_object(self, storage: Storage, tmp_path: Path) -> None:
        key, other = await put(storage, tmp_path, b"0123456789"), await put(storage, tmp_path, b"other")
        link = await storage.link(key, 60)
        if link is None:
            return  # this storage serves nothing itself
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

    async def test_an_unusable_storage_is_unavailable(self, unavailable_storage: Storage, tmp_path: Path) -> None:
        with pytest.raises(Unavailable):
            await put(unavailable_storage, tmp_path, b"x")
