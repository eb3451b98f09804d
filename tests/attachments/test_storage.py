"""The storage contract over a local folder and a real S3 server, and what only one of them has."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.storage import LARGE, StorageContract, put
from wasgo_chat.attachments import storage_s3
from wasgo_chat.attachments.storage import LocalStorage, Storage
from wasgo_chat.attachments.storage_s3 import S3Storage
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.development.embedded import free_port
from wasgo_chat.settings.config import Settings


class TestLocalStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        return LocalStorage(tmp_path / "storage")

    @pytest.fixture
    def unavailable_storage(self, tmp_path: Path) -> Storage:
        (tmp_path / "storage").write_text("a file in place of the folder")
        return LocalStorage(tmp_path / "storage")

    async def test_serves_no_links(self, storage: Storage) -> None:
        assert await storage.link("a", 60) is None


class TestS3Storage(StorageContract):
    @pytest.fixture
    def storage(self, s3: dict[str, Any]) -> Storage:
        return S3Storage(Settings(**s3))

    @pytest.fixture
    def unavailable_storage(self) -> Storage:
        endpoint = f"http://127.0.0.1:{free_port()}"
        return S3Storage(Settings(s3_bucket="b", s3_endpoint=endpoint, s3_access_key_id="a", s3_secret_access_key="b"))

    async def test_serves_links(self, storage: Storage) -> None:
        assert await storage.link("a", 60) is not None

    async def test_serves_no_links_without_redirects(self, s3: dict[str, Any]) -> None:
        assert await S3Storage(Settings(**s3, s3_redirect=False)).link("a", 60) is None

    async def test_a_slow_reader_gets_all_bytes(
        self, s3: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Reading may take longer than a request to the server."""
        monkeypatch.setattr(storage_s3, "REQUEST_S", 0.5)
        storage = S3Storage(Settings(**s3))
        key = await put(storage, tmp_path, LARGE)
        received = b""
        async for piece in storage.read(key, 0, len(LARGE)):
            received += piece
            await asyncio.sleep(0.1)
        assert received == LARGE

    async def test_a_wrong_key_is_unavailable(self, s3: dict[str, Any], tmp_path: Path) -> None:
        storage = S3Storage(Settings(**{**s3, "s3_secret_access_key": "another"}))
        with pytest.raises(Unavailable):
            await put(storage, tmp_path, b"x")
