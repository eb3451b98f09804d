"""The storage contract over a local folder and a real S3 server, and what only one of them has."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contracts.storage import LARGE, StorageContract, put
from tests.support.world import NO_TLS
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

    async def test_a_link_grants_one_file_and_nothing_else(self, s3: dict[str, Any], tmp_path: Path) -> None:
        storage = S3Storage(Settings(**s3))
        one, two = await put(storage, tmp_path, b"one"), await put(storage, tmp_path, b"two")
        link = await storage.link(one, 60)
        assert link is not None
        path, query = link.split("?")
        bucket = path.removesuffix(f"/{one}")
        async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as client:
            assert (await client.get(link)).content == b"one"
            for changed in (
                path,  # without a signature
                link.replace(one, two),
                f"{path}/../{two}?{query}",
                f"{bucket}/%2e%2e/{s3['s3_bucket']}/{two}?{query}",
                f"{bucket}//{one}?{query}",
                f"{bucket}/?{query}",
                f"{bucket}/?list-type=2&{query}",
                link.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
                f"{link}&response-content-type=text/html",
                f"{link}&response-content-disposition=inline",
                f"{link}&versionId=1",
                link[:-1] + ("0" if link[-1] != "0" else "1"),
            ):
                answer = await client.get(changed)
                assert answer.status_code in (400, 403, 404), changed
                assert answer.content != b"two"
            for method in ("PUT", "DELETE", "POST"):
                assert (await client.request(method, link, content=b"x")).status_code in (400, 403, 405)
            assert (await client.get(link)).content == b"one"
