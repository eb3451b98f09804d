"""Keys of a JWKS document (RFC 7517): fetching, caching and rotation."""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from wasgo_chat.core.config import MINIMUM_RSA_BITS
from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.http_client import TooLarge, fetch_internal

log = structlog.get_logger(__name__)

TTL_S = 600.0
REFETCH_S = 30.0
MAX_BYTES = 262_144


class JwksCache:
    """Caches the keys of a JWKS document. Fetches are serialized; an unknown `kid` triggers at most two per minute."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, bearer: str) -> Any:
        """The key that the header of a token names.

        Raises:
            jwt.InvalidTokenError: the key does not exist.
            Unavailable: the document has never been fetched successfully.
        """
        kid = jwt.get_unverified_header(bearer).get("kid")
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError("no kid")
        if kid not in self._keys or time.monotonic() - self._fetched_at > TTL_S:
            async with self._lock:
                now = time.monotonic()
                stale = now - self._fetched_at > TTL_S
                if (kid not in self._keys or stale) and now - self._tried_at > REFETCH_S:
                    self._tried_at = now
                    await self._fetch()
        if not self._keys:
            raise Unavailable("The keys of the token issuer cannot be fetched")
        try:
            return self._keys[kid]
        except KeyError as error:
            raise jwt.InvalidTokenError("unknown kid") from error

    async def _fetch(self) -> None:
        """Replace the keys. If the fetch fails, the old keys are kept: rejecting all users would be worse."""
        try:
            document = json.loads(await fetch_internal(self._url, max_bytes=MAX_BYTES))
            keys = dict(readable_keys(document["keys"]))
        except (httpx2.HTTPError, TooLarge, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("jwks_fetch_failed", error=type(error).__name__)
            return
        self._keys, self._fetched_at = keys, time.monotonic()


def readable_keys(keys: list[Any]) -> Iterator[tuple[str, Any]]:
    """Usable signature keys with their ids. Invalid or short keys are skipped (RFC 7517, section 5)."""
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
            continue
        if key.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            public_key = jwt.PyJWK(key).key
        except (jwt.PyJWTError, ValueError, TypeError):
            log.warning("jwk_invalid", kid=key["kid"][:100])
            continue
        if isinstance(public_key, rsa.RSAPublicKey) and public_key.key_size < MINIMUM_RSA_BITS:
            log.warning("jwk_too_short", kid=key["kid"][:100])
        elif not isinstance(public_key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            log.warning("jwk_not_public", kid=key["kid"][:100])
        else:
            yield key["kid"], public_key
