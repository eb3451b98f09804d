"""The keys of a JWKS document (RFC 7517): fetched, kept, rotated. What they open is for `identity.tokens` to say."""

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
    """The keys of a JWKS document, by `kid`. One fetch at a time; unknown ids refetch at most twice a minute."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, Any] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, bearer: str) -> Any:
        """The key that a token says it was signed with.

        Raises:
            jwt.InvalidTokenError: no such key.
            Unavailable: there is no document, neither fresh nor kept.
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
        """Replace the keys; where that fails, those that were good ten minutes ago beat refusing everybody."""
        try:
            document = json.loads(await fetch_internal(self._url, max_bytes=MAX_BYTES))
            found = dict(readable_keys(document["keys"]))
        except (httpx2.HTTPError, TooLarge, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("jwks_not_fetched", error=type(error).__name__)
            return
        self._keys, self._fetched_at = found, time.monotonic()


def readable_keys(keys: list[Any]) -> Iterator[tuple[str, Any]]:
    """Signature keys by id; a key that cannot be read, or is too short, is passed over (RFC 7517, section 5)."""
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
            continue
        if key.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            found = jwt.PyJWK(key).key
        except (jwt.PyJWTError, ValueError, TypeError):
            log.warning("jwk_not_readable", kid=key["kid"][:100])
            continue
        if isinstance(found, rsa.RSAPublicKey) and found.key_size < MINIMUM_RSA_BITS:
            log.warning("jwk_too_short", kid=key["kid"][:100])
        elif not isinstance(found, rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            log.warning("jwk_not_public", kid=key["kid"][:100])
        else:
            yield key["kid"], found
