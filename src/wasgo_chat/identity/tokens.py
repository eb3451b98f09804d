"""JSON Web Tokens: verification of the platform's tokens, and minting for development. `jwks` fetches remote keys.

Only the configured family of algorithms is accepted (RFC 8725, sections 3.1 and 3.2).
"""

import base64
import json
import math
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from wasgo_chat.core.encoding import clean_line, has_control_characters, is_blank
from wasgo_chat.core.errors import Unauthenticated
from wasgo_chat.identity.algorithms import algorithm_of
from wasgo_chat.settings.config import (
    DEVELOPMENT_SECRET,
    MINIMUM_SECRET_BYTES,
    Settings,
    UnsafeSettings,
)

if TYPE_CHECKING:
    from wasgo_chat.identity.jwks import JwksCache

SCOPES = ("chat:provision", "chat:system_message", "chat:act_as", "chat:moderate")
ASYMMETRIC = ("RS256", "ES256", "EdDSA")
MAX_BEARER_CHARS = 16_384
CLOCK_SKEW_S = 60.0
MAX_CACHED = 10_000
MAX_CACHED_CHARS = 2_048
_PROFILE = {"username": "username", "name": "display_name", "picture": "avatar_url", "email": "email",
            "locale": "locale"}  # fmt: skip
_NAMES = ("username", "display_name")
_PROFILE_CHARS = 2000
EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+$"
# The same issuer also signs logout tokens and security events, which are not access tokens (RFC 8725, section 3.11).
_TYPES = ("jwt", "at+jwt", "application/jwt", "application/at+jwt")
# Strict, because decoders ignore characters outside of base64url: a token would have many spellings (RFC 7515, 7.1).
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_WEB_ADDRESS = re.compile(r"https?://")
_NOT_ACCEPTED = "The token is not accepted"


@dataclass(frozen=True, slots=True)
class Token:
    """A verified token. Times are Unix timestamps; without `iat`, `issued_at` is 0."""

    kind: Literal["user", "service"]
    subject: str
    expires_at: float
    issued_at: float = 0.0
    scopes: frozenset[str] = frozenset()
    profile: dict[str, Any] = field(default_factory=dict)


class TokenVerifier:
    """Verifies bearer tokens."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jwks: JwksCache | None = None
        self._key: Any = None
        # Verified tokens with their keys: while the key is unchanged, only the expiry has to be checked again.
        self._verified: dict[str, tuple[Any, Token]] = {}
        if settings.jwks_url:
            self._algorithms: tuple[str, ...] = ASYMMETRIC
            self._jwks = _jwks(settings.jwks_url)
        elif settings.jwt_public_key:
            self._key = load_pem_public_key(settings.jwt_public_key.replace("\\n", "\n").encode())
            algorithm = algorithm_of(self._key)
            if algorithm is None:
                raise UnsafeSettings(
                    "WASGO_CHAT_JWT_PUBLIC_KEY must be an RSA (2048 bits or more, with the exponent 65537), P-256 or "
                    "Ed25519 public key."
                )
            self._algorithms = (algorithm,)
        elif settings.jwt_secret:
            self._key = settings.jwt_secret.get_secret_value().encode()
            if len(self._key) < MINIMUM_SECRET_BYTES:
                raise UnsafeSettings(f"WASGO_CHAT_JWT_SECRET is shorter than {MINIMUM_SECRET_BYTES} bytes.")
            self._algorithms = ("HS256",)
        else:
            raise UnsafeSettings("No token key is set: set WASGO_CHAT_JWT_SECRET.")

    async def verify(self, bearer: str) -> Token:
        """Verify signature, algorithm, issuer, audience and times.

        Raises:
            Unauthenticated: the token is not accepted; the detail never quotes the token.
            Unavailable: the JWKS document could not be fetched.
        """
        if len(bearer) > MAX_BEARER_CHARS or not _COMPACT.fullmatch(bearer):
            raise Unauthenticated(_NOT_ACCEPTED)
        audiences = [self._settings.jwt_audience, self._settings.jwt_service_audience]
        try:
            key = self._key if self._jwks is None else await self._jwks.key(bearer)
            signed_with, token = self._verified.get(bearer, (None, None))
            if token is not None and signed_with is key:
                if token.expires_at <= time.time():
                    raise jwt.ExpiredSignatureError
                return token
            _require_unique_members(bearer)
            _require_type(bearer)
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
            raise Unauthenticated(_NOT_ACCEPTED) from error
        token = self._token(claims)
        if len(bearer) <= MAX_CACHED_CHARS:
            if len(self._verified) >= MAX_CACHED:
                self._verified.pop(next(iter(self._verified)))
            self._verified[bearer] = (key, token)
        return token

    def _token(self, claims: dict[str, Any]) -> Token:
        audience = claims["aud"]
        audiences = [audience] if isinstance(audience, str) else audience
        is_service = self._settings.jwt_service_audience in audiences
        if is_service and self._settings.jwt_audience in audiences:
            raise Unauthenticated("A token must have one audience: of users or of services")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 128 or has_control_characters(subject, allowed=""):
            raise Unauthenticated("The token's subject is invalid")
        issued_at, expires_at = _time(claims, "iat"), _time(claims, "exp")
        _time(claims, "nbf")
        # A token issued in the future would survive every revocation.
        if issued_at > time.time() + CLOCK_SKEW_S:
            raise Unauthenticated("The token's iat is in the future")
        issued_at = min(issued_at, time.time())  # so that any later revocation applies to it
        if is_service:
            scope = claims.get("scope", "")
            scopes = scope.split() if isinstance(scope, str) else []
            return Token("service", subject, expires_at, issued_at, scopes=frozenset(scopes))
        return Token("user", subject, expires_at, issued_at, profile=_profile(claims))


def _jwks(url: str) -> "JwksCache":
    from wasgo_chat.identity.jwks import JwksCache  # noqa: PLC0415  imports an HTTP client, needed for JWKS only

    return JwksCache(url)


def _require_unique_members(bearer: str) -> None:
    """Raises: jwt.InvalidTokenError, if a name occurs twice in the header or the claims: parsers differ in which one
    they take (RFC 7519, section 4).
    """
    for part in bearer.split(".")[:2]:
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), object_pairs_hook=_unique_members)


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise jwt.InvalidTokenError("a repeated name")
    return members


def _require_type(bearer: str) -> None:
    """Raises: jwt.InvalidTokenError, if the header has a different token type (RFC 8725, section 3.11)."""
    token_type = jwt.get_unverified_header(bearer).get("typ", "JWT")
    if not isinstance(token_type, str) or token_type.lower() not in _TYPES:
        raise jwt.InvalidTokenError("another type of token")


def _time(claims: dict[str, Any], name: str) -> float:
    """A time claim as Unix timestamp; 0 if it is missing. Only numbers are accepted, not convertible values."""
    value = claims.get(name, 0)
    try:
        seconds = math.nan if isinstance(value, bool) or not isinstance(value, int | float) else float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise Unauthenticated(f"The token's claim {name} must be a number")
    return seconds


def mint_user(settings: Settings, user_id: str, *, ttl_s: int, username: str | None = None, staff: bool = False) -> str:
    """Mint a user token, signed with `JWT_SECRET` or else with the public development key."""
    claims: dict[str, Any] = {"username": username or user_id, "staff": staff}
    return _mint(settings, settings.jwt_audience, user_id, ttl_s, claims)


def mint_service(settings: Settings, name: str, scopes: list[str], *, ttl_s: int) -> str:
    """Mint a service token, signed with the same key as user tokens."""
    return _mint(settings, settings.jwt_service_audience, name, ttl_s, {"scope": " ".join(scopes)})


def _mint(settings: Settings, audience: str, subject: str, ttl_s: int, claims: dict[str, Any]) -> str:
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else DEVELOPMENT_SECRET
    now = time.time()
    times = {"iat": now, "exp": now + ttl_s}
    return jwt.encode({"sub": subject, "aud": audience, "iss": settings.jwt_issuer, **times, **claims}, secret, "HS256")


def _profile(claims: dict[str, Any]) -> dict[str, Any]:
    """The profile fields of a token. Names are cleaned; other invalid values are ignored. Neither rejects the token.

    A claim that is null or blank counts as omitted (OpenID Connect Core 1.0, section 5.3.2).
    """
    profile: dict[str, Any] = {}
    for claim, name in _PROFILE.items():
        value = claims.get(claim)
        if not isinstance(value, str) or len(value) > _PROFILE_CHARS:
            continue
        if name in _NAMES:
            value = clean_line(value)
        if not is_blank(value) and not has_control_characters(value, allowed=""):
            profile[name] = value
    if not _WEB_ADDRESS.match(profile.get("avatar_url", "https://")):
        del profile["avatar_url"]
    if not re.fullmatch(EMAIL_PATTERN, profile.get("email", "a@b")):
        del profile["email"]
    if isinstance(claims.get("staff"), bool):
        profile["is_staff"] = claims["staff"]
    return profile
