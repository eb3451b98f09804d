"""JSON Web Tokens: verify the platform's, mint for development. Nothing here touches the database.

One family of algorithms is configured; everything else is refused (RFC 8725, sections 3.1 and 3.2).
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from wasgo_chat.core.config import DEVELOPMENT_SECRET, MINIMUM_SECRET_BYTES, Settings, UnsafeSettings
from wasgo_chat.core.errors import Unauthenticated, Unavailable
from wasgo_chat.core.wire import has_stray_control

log = structlog.get_logger(__name__)

SCOPES = ("chat:provision", "chat:system_message", "chat:act_as", "chat:moderate")
ASYMMETRIC = ("RS256", "ES256", "EdDSA")
JWKS_TTL_S = 600.0
JWKS_REFETCH_S = 30.0
_PROFILE = {"username": "username", "name": "display_name", "picture": "avatar_url", "email": "email",
            "locale": "locale"}  # fmt: skip
_PROFILE_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token. Times are Unix seconds; a token without `iat` counts as issued at 0."""

    kind: Literal["user", "service"]
    subject: str
    expires_at: float
    issued_at: float = 0.0
    scopes: frozenset[str] = frozenset()
    profile: dict[str, Any] = field(default_factory=dict)


class TokenVerifier:
    """Turns a bearer string into a `Token`, or refuses it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jwks: JwksCache | None = None
        self._key: Any = None
        if settings.jwks_url:
            self._algorithms: tuple[str, ...] = ASYMMETRIC
            self._jwks = JwksCache(settings.jwks_url)
        elif settings.jwt_public_key:
            self._key = load_pem_public_key(settings.jwt_public_key.replace("\\n", "\n").encode())
            self._algorithms = (_algorithm_of(self._key),)
        elif settings.jwt_secret:
            self._key = settings.jwt_secret.get_secret_value().encode()
            if len(self._key) < MINIMUM_SECRET_BYTES:
                raise UnsafeSettings(f"WASGO_CHAT_JWT_SECRET is shorter than {MINIMUM_SECRET_BYTES} bytes.")
            self._algorithms = ("HS256",)
        else:
            raise UnsafeSettings("No key for tokens is set: set WASGO_CHAT_JWT_SECRET.")

    async def verify(self, bearer: str) -> Token:
        """Check signature, algorithm, issuer, audience and times.

        Raises:
            Unauthenticated: the token is not accepted; the detail says why, without quoting it.
            Unavailable: the JWKS could not be fetched.
        """
        audiences = [self._settings.jwt_audience, self._settings.jwt_service_audience]
        try:
            key = self._key if self._jwks is None else await self._jwks.key(bearer)
            claims = jwt.decode(
                bearer,
                key,
                algorithms=list(self._algorithms),
                audience=audiences,
                issuer=self._settings.jwt_issuer,
                options={"require": ["sub", "exp", "iss", "aud"], "verify_iat": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The token has expired") from error
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Unauthenticated("The token is not accepted") from error
        return self._token(claims)

    def _token(self, claims: dict[str, Any]) -> Token:
        audience = claims["aud"]
        named = [audience] if isinstance(audience, str) else audience
        is_service = self._settings.jwt_service_audience in named
        if is_service and self._settings.jwt_audience in named:
            raise Unauthenticated("The token names both audiences")
        subject, issued_at = claims["sub"], claims.get("iat", 0)
        if not isinstance(subject, str) or not 0 < len(subject) <= 128 or has_stray_control(subject, allowed=""):
            raise Unauthenticated("The token's subject is not acceptable")
        if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
            raise Unauthenticated("The token's iat is not a time")
        expires_at = float(claims["exp"])
        if is_service:
            scope = claims.get("scope", "")
            scopes = scope.split() if isinstance(scope, str) else []
            return Token("service", subject, expires_at, float(issued_at), scopes=frozenset(scopes))
        return Token("user", subject, expires_at, float(issued_at), profile=_profile(claims))


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
        if kid not in self._keys or time.monotonic() - self._fetched_at > JWKS_TTL_S:
            async with self._lock:
                now = time.monotonic()
                stale = now - self._fetched_at > JWKS_TTL_S
                if (kid not in self._keys or stale) and now - self._tried_at > JWKS_REFETCH_S:
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
            async with httpx2.AsyncClient(timeout=5, follow_redirects=False, trust_env=False) as client:
                document = (await client.get(self._url)).raise_for_status().json()
            found = dict(_readable(document["keys"]))
        except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("jwks_not_fetched", error=type(error).__name__)
            return
        self._keys, self._fetched_at = found, time.monotonic()


def _readable(keys: list[Any]) -> Iterator[tuple[str, Any]]:
    """Signature keys by id; a key that cannot be read is passed over (RFC 7517, section 5)."""
    for key in keys:
        if not isinstance(key, dict) or not isinstance(key.get("kid"), str) or key.get("use", "sig") != "sig":
            continue
        if key.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            yield key["kid"], jwt.PyJWK(key).key
        except jwt.PyJWTError:
            log.warning("jwk_not_readable", kid=key["kid"])


def mint_user(settings: Settings, user_id: str, *, ttl_s: int, username: str | None = None, staff: bool = False) -> str:
    """A user token, signed with `JWT_SECRET` or else the public development key."""
    claims: dict[str, Any] = {"username": username or user_id, "staff": staff}
    return _mint(settings, settings.jwt_audience, user_id, ttl_s, claims)


def mint_service(settings: Settings, name: str, scopes: list[str], *, ttl_s: int) -> str:
    """A service token, signed likewise."""
    return _mint(settings, settings.jwt_service_audience, name, ttl_s, {"scope": " ".join(scopes)})


def _mint(settings: Settings, audience: str, subject: str, ttl_s: int, claims: dict[str, Any]) -> str:
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else DEVELOPMENT_SECRET
    now = time.time()
    times = {"iat": now, "exp": now + ttl_s}
    return jwt.encode({"sub": subject, "aud": audience, "iss": settings.jwt_issuer, **times, **claims}, secret, "HS256")


def _profile(claims: dict[str, Any]) -> dict[str, Any]:
    """The mirrored fields a token carries; what is no clean text is left out rather than refused."""
    profile: dict[str, Any] = {}
    for claim, name in _PROFILE.items():
        value = claims.get(claim)
        if (
            isinstance(value, str)
            and value
            and len(value) <= _PROFILE_CHARS
            and not has_stray_control(value, allowed="")
        ):
            profile[name] = value
    if isinstance(claims.get("staff"), bool):
        profile["is_staff"] = claims["staff"]
    return profile


def _algorithm_of(key: Any) -> str:
    match key:
        case rsa.RSAPublicKey():
            return "RS256"
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            return "ES256"
        case ed25519.Ed25519PublicKey():
            return "EdDSA"
    raise UnsafeSettings("WASGO_CHAT_JWT_PUBLIC_KEY must be an RSA, P-256 or Ed25519 public key.")
