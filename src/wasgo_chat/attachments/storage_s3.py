"""The storage of files in an S3 bucket, with obstore: multipart uploads, ranged reads, presigned GET URLs."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from wasgo_chat.core.errors import NotFound, Unavailable
from wasgo_chat.settings.config import Settings

PART_BYTES = 5 << 20
READ_BYTES = 1 << 20
REQUEST_S = 60
"""How long a request may take, with its body."""

_CONCURRENT_PARTS = 3


class S3Storage:
    """Stores objects in a bucket.

    Args:
        settings: `S3_BUCKET` and the other `S3_*` settings. Without keys, credentials come from the environment.
    """

    def __init__(self, settings: Settings) -> None:
        config: Any = {"region": settings.s3_region}
        if settings.s3_endpoint:
            # A custom endpoint is a self-hosted server: these expect the bucket in the path, and may be plain HTTP.
            config |= {"endpoint": settings.s3_endpoint, "virtual_hosted_style_request": False}
        if settings.s3_access_key_id and settings.s3_secret_access_key:
            config["access_key_id"] = settings.s3_access_key_id
            config["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
        self._redirects = settings.s3_redirect
        self._store = S3Store(
            settings.s3_bucket,
            config=config,
            client_options={
                "allow_http": (settings.s3_endpoint or "").startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=REQUEST_S),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        attributes: Any = {
            "Content-Type": content_type,
            "Content-Disposition": disposition,
            "Cache-Control": "private, max-age=3600, immutable",
        }
        with _storage_errors():
            await obstore.put_async(
                self._store,
                key,
                source,
                attributes=attributes,
                chunk_size=PART_BYTES,
                max_concurrency=_CONCURRENT_PARTS,
            )

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        # In requests of their own: a client that reads slowly would hold one open, and the timeout of requests, which
        # includes their bodies, would cut the file off.
        end = start + length
        while start < end:
            size = min(READ_BYTES, end - start)
            with _storage_errors():
                piece = bytes(await obstore.get_range_async(self._store, key, start=start, length=size))
            if not piece:
                return
            yield piece
            start += len(piece)

    async def link(self, key: str, ttl_s: int) -> str | None:
        if not self._redirects:
            return None
        with _storage_errors():
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=ttl_s))

    async def delete(self, keys: Sequence[str]) -> None:
        # One by one: not every S3 server supports DeleteObjects.
        with _storage_errors():
            for key in keys:
                await _delete_one(self._store, key)


async def _delete_one(store: S3Store, key: str) -> None:
    try:
        await obstore.delete_async(store, key)
    except (NotFoundError, FileNotFoundError):
        return  # some servers report a missing key, some do not


@contextmanager
def _storage_errors() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise NotFound from error
    except (BaseError, OSError) as error:
        raise Unavailable("The attachment storage does not respond") from error
