"""Checks the token issuer: whether its keys can be fetched and used, and whether its clock agrees."""

import time
from email.utils import parsedate_to_datetime

import httpx2
import msgspec

from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.identity.jwks import readable_keys
from wasgo_chat.settings.config import Settings

TIMEOUT_S = 5.0
SKEW_S, LARGE_SKEW_S = 5.0, 60.0


async def check(settings: Settings) -> list[Finding]:
    """Check the JWKS document, if one is configured."""
    area = Area("tokens")
    if not settings.jwks_url:
        if settings.jwt_secret or settings.jwt_public_key:
            area.ok("Tokens are verified with a key from the settings.")
        else:
            area.error(
                "No key to verify tokens is configured.",
                "Set WASGO_CHAT_JWT_SECRET, WASGO_CHAT_JWT_PUBLIC_KEY or WASGO_CHAT_JWKS_URL.",
            )
        return area.findings
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
            response = await client.get(settings.jwks_url)
            response.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        area.error(
            f"The keys cannot be fetched ({type(error).__name__}): workers without cached keys reject all tokens.",
            "Check WASGO_CHAT_JWKS_URL and that this machine can reach it. Redirects are not followed.",
        )
        return area.findings
    _check_keys(area, response.content)
    _check_clock(area, response.headers.get("date"))
    return area.findings


def _check_keys(area: Area, document: bytes) -> None:
    try:
        keys = dict(readable_keys(msgspec.json.decode(document)["keys"]))
    except (msgspec.DecodeError, KeyError, TypeError):
        area.error("WASGO_CHAT_JWKS_URL does not return a JWKS document.", "Set the URL of the document itself.")
        return
    if keys:
        area.ok(f"The issuer has {len(keys)} usable keys.")
    else:
        area.error(
            "None of the issuer's keys can be used.",
            "It must publish public signature keys with a `kid`: RSA (2048 bits or more), P-256 or Ed25519.",
        )


def _check_clock(area: Area, date: str | None) -> None:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return  # the Date header is optional (RFC 9110, section 6.6.1)
    skew = abs(theirs - time.time())
    message = f"The clocks of the issuer and of this machine differ by {skew:.0f} s."
    if skew > LARGE_SKEW_S:
        area.error(message, "Synchronize both with NTP: valid tokens are rejected, or expired ones accepted.")
    elif skew > SKEW_S:
        area.warn(message, "Synchronize both with NTP.")
    else:
        area.ok(message)
