"""Files in a store that speaks S3, through obstore: streamed in parts, fetched in ranges, linked by presigned GET."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from wasgo_chat.attachments.storage import CHUNK_BYTES
from wasgo_chat.core.config import Settings
from wasgo_chat.core.errors import NotFound, Unavailable

PART_BYTES = 5 << 20
_PARTS_AT_ONCE = 3


class S3Storage:
    """A bucket.

    Args:
        settings: `S3_BUCKET` and what goes with it; without keys the environment's credentials are used.
    """

    def __init__(self, settings: Settings) -> None:
        given: Any = {"region": settings.s3_region}
        if settings.s3_endpoint:
            # A named endpoint is somebody's own server: those take the bucket in the path, and may be plain HTTP.
            given |= {"endpoint": settings.s3_endpoint, "virtual_hosted_style_request": False}
        if settings.s3_access_key_id and settings.s3_secret_access_key:
            given["access_key_id"] = settings.s3_access_key_id
            given["secret_access_key"] = settings.s3_secret_access_key.get_secret_value()
        self._redirects = settings.s3_redirect
        self._store = S3Store(
            settings.s3_bucket,
            config=given,
            client_options={
                "allow_http": (settings.s3_endpoint or "").startswith("http://"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=10)},
        )

    async def put(self, key: str, source: Path, *, content_type: str, disposition: str) -> None:
        """See `Storage.put`."""
        attributes: Any = {
            "Content-Type": content_type,
            "Content-Disposition": disposition,
            "Cache-Control": "private, max-age=3600, immutable",
        }
        with _store_errors():
            await obstore.put_async(
                self._store,
                key,
                source,
                attributes=attributes,
                chunk_size=PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )

    async def read(self, key: str, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """See `Storage.read`."""
        with _store_errors():
            found = await obstore.get_async(self._store, key, options={"range": (start, start + length)})
            async for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

    async def link(self, key: str, ttl_s: int) -> str | None:
        """See `Storage.link`; None where `S3_REDIRECT` is off."""
        if not self._redirects:
            return None
        with _store_errors():
            return await obstore.sign_async(self._store, "GET", key, timedelta(seconds=ttl_s))

    async def delete(self, keys: Sequence[str]) -> None:
        """See `Storage.delete`. One by one: not every store knows the request for many."""
        with _store_errors():
            for key in keys:
                await _delete_one(self._store, key)


async def _delete_one(store: S3Store, key: str) -> None:
    try:
        await obstore.delete_async(store, key)
    except (NotFoundError, FileNotFoundError):
        return  # some stores tell, some do not


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise NotFound from error
    except (BaseError, OSError) as error:
        raise Unavailable("The store of attachments does not answer") from error
