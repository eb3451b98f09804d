"""Gets access tokens from the application, caches them, and gets a new one before they expire."""

import asyncio
import base64
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

TokenReason = Literal["start", "expiring", "refused"]
"""Why a token is requested: the first connection, the current one is about to expire, or the service rejected it."""

TokenProvider = Callable[[TokenReason], str | Awaitable[str]]
"""Returns a token of the user."""


@dataclass(frozen=True)
class TokenClaims:
    """The claims that the client uses; `expires_at` in Unix seconds. The client does not verify the token."""

    subject: str
    expires_at: float


def decode_token(token: str) -> TokenClaims:
    """Decode a JSON Web Token (RFC 7519) without verifying it.

    Raises:
        ValueError: it is malformed.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return TokenClaims(str(claims["sub"]), float(claims["exp"]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError("the token is not a valid JSON Web Token") from error


class TokenCache:
    """The current token. Concurrent callers share one request to the provider."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider
        self._current: str | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """The current token, or the first one."""
        return self._current if self._current is not None else await self.renew("start", None)

    async def renew(self, reason: TokenReason, previous: str | None) -> str:
        """A token other than `previous`. Asks the provider only if `previous` is still the current one."""
        async with self._lock:
            if self._current is not None and self._current != previous:
                return self._current
            provided = self._provider(reason)
            token = await provided if inspect.isawaitable(provided) else provided
            decode_token(token)
            self._current = token
            return token
