"""Tokens: asked of the application, kept while they are good, asked for anew before they end."""

import asyncio
import base64
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

TokenReason = Literal["start", "expiring", "refused"]
TokenProvider = Callable[[TokenReason], str | Awaitable[str]]
"""Gives a token: the first time, before the end of the last one, or because it was refused."""


@dataclass(frozen=True)
class TokenClaims:
    """What a token says of itself; `expires_at` in Unix seconds. The service checks it, the client only reads it."""

    subject: str
    expires_at: float


def read_token(token: str) -> TokenClaims:
    """Read a JSON Web Token (RFC 7519).

    Raises:
        ValueError: it is none.
    """
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return TokenClaims(str(claims["sub"]), float(claims["exp"]))
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ValueError("the token provider gave something that is no JSON Web Token") from error


class Tokens:
    """The token in use. Several who ask at once get the same new one."""

    def __init__(self, provider: TokenProvider) -> None:
        self._provider = provider
        self._current: str | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """The token in use, or a first one."""
        return self._current if self._current is not None else await self.renew("start", None)

    async def renew(self, reason: TokenReason, instead: str | None) -> str:
        """Another token in place of `instead`, unless that was replaced already."""
        async with self._lock:
            if self._current is not None and self._current != instead:
                return self._current
            given = self._provider(reason)
            token = await given if inspect.isawaitable(given) else given
            read_token(token)
            self._current = token
            return token
