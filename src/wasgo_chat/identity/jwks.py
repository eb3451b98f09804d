"""Keys of a JWKS document (RFC 7517): fetching, caching and rotation."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import jwt
import structlog

from wasgo_chat.core.errors import Unavailable
from wasgo_chat.core.http_client import TooLarge, fetch_internal
from wasgo_chat.identity.algorithms import algorithm_of

log = structlog.get_logger(__name__)

TTL_S = 600.0
REFETCH_S = 30.0
"""Fetches begin at least so long after each other, whatever tokens name."""

WAIT_S = 5.0
"""How long a token with an unknown key waits for the document."""

MAX_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key, and the only algorithm it verifies."""

    public_key: Any
    algorithm: str


class JwksCache:
    """Caches the keys of a JWKS document.

    A key that is known is used at once; if the document is stale, it is fetched in the background. Only a token with an
    unknown `kid` waits, and all of them wait for the same fetch.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, VerificationKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def key(self, bearer: str) -> Any:
        """The key that the header of a token names.

        Raises:
            jwt.InvalidTokenError: the key does not exist, or is for another algorithm.
            Unavailable: the key is unknown, and the document could not be fetched.
        """
        header = jwt.get_unverified_header(bearer)
        kid = header.get("kid")
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError("no kid")
        if kid not in self._keys or time.monotonic() - self._fetched_at > TTL_S:
            self._fetch_soon()
        if kid not in self._keys:
            if self._fetching is not None:
                await asyncio.wait({self._fetching}, timeout=WAIT_S)
            if kid not in self._keys and self._tried_at > self._fetched_at:
                raise Unavailable("The keys of the token issuer cannot be fetched")
        key = self._keys.get(kid)
        if key is None:
            raise jwt.InvalidTokenError("unknown kid")
        if header.get("alg") != key.algorithm:
            raise jwt.InvalidTokenError("a key for another algorithm")
        return key.public_key

    def _fetch_soon(self) -> None:
        if self._fetching is None and time.monotonic() - self._tried_at > REFETCH_S:
            self._tried_at = time.monotonic()
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)

    def _fetched(self, _: "asyncio.Task[None]") -> None:
        self._fetching = None

    async def _fetch(self) -> None:
        """Replace the keys. If the fetch fails, the old keys are kept: rejecting all users would be worse."""
        try:
            document = json.loads(await fetch_internal(self._url, max_bytes=MAX_BYTES))
            keys = dict(readable_keys(document["keys"]))
        except (httpx2.HTTPError, TooLarge, TimeoutError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("jwks_fetch_failed", error=type(error).__name__)
            return
        self._keys, self._fetched_at = keys, time.monotonic()


def readable_keys(keys: list[Any]) -> Iterator[tuple[str, VerificationKey]]:
    """Usable signature keys with their ids. Others are skipped (RFC 7517, section 5)."""
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or not _is_for_verification(key):
            continue
        try:
            # Without its `alg`, which is checked below: the library does not know every name.
            public_key = jwt.PyJWK({name: value for name, value in key.items() if name != "alg"}).key
        except (jwt.PyJWTError, ValueError, TypeError):
            log.warning("jwk_invalid", kid=key["kid"][:100])
            continue
        algorithm = algorithm_of(public_key)
        if algorithm is None:
            log.warning("jwk_not_usable", kid=key["kid"][:100])
        elif key.get("alg", algorithm) not in (algorithm, *_OTHER_NAMES.get(algorithm, ())):
            log.warning("jwk_other_algorithm", kid=key["kid"][:100])
        else:
            yield key["kid"], VerificationKey(public_key, algorithm)


# RFC 9864 names the algorithm of an Ed25519 key fully.
_OTHER_NAMES = {"EdDSA": ("Ed25519",)}


def _is_for_verification(key: dict[str, Any]) -> bool:
    """Whether a key may verify signatures by its type, `use` and `key_ops` (RFC 7517, section 4)."""
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") in ("RSA", "EC", "OKP")
        and key.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
    )
