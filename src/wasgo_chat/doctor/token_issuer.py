"""The issuer of tokens: whether its keys can be fetched and used, and whether its clock is ours."""

import time
from email.utils import parsedate_to_datetime

import httpx2
import msgspec

from wasgo_chat.core.config import Settings
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.identity.jwks import readable_keys

PATIENCE_S = 5.0
SKEW_S, FAR_OFF_S = 5.0, 60.0


async def check(settings: Settings) -> list[Finding]:
    """The JWKS, if tokens are checked by one."""
    area = Area("tokens")
    if not settings.jwks_url:
        if settings.jwt_secret or settings.jwt_public_key:
            area.ok("They are checked by a key of the settings.")
        else:
            area.error(
                "There is no key to check them by.",
                "Set WASGO_CHAT_JWT_SECRET, WASGO_CHAT_JWT_PUBLIC_KEY or WASGO_CHAT_JWKS_URL.",
            )
        return area.findings
    try:
        async with httpx2.AsyncClient(timeout=PATIENCE_S, follow_redirects=False, trust_env=False) as client:
            answer = await client.get(settings.jwks_url)
            answer.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        area.error(
            f"The keys cannot be fetched ({type(error).__name__}): once those at hand are ten minutes old, and where "
            "there are none, every token is refused.",
            "Check WASGO_CHAT_JWKS_URL, and that this machine may reach it; redirects are not followed.",
        )
        return area.findings
    _check_keys(area, answer.content)
    _check_clock(area, answer.headers.get("date"))
    return area.findings


def _check_keys(area: Area, document: bytes) -> None:
    try:
        keys = dict(readable_keys(msgspec.json.decode(document)["keys"]))
    except (msgspec.DecodeError, KeyError, TypeError):
        area.error(
            "What WASGO_CHAT_JWKS_URL gives is no JWKS document.", "Name the document itself, not its directory."
        )
        return
    if keys:
        area.ok(f"The issuer has {len(keys)} usable keys.")
    else:
        area.error(
            "None of the issuer's keys can be used.",
            "It needs public keys with a `kid`: RSA of 2048 bits or more, P-256 or Ed25519, for signatures.",
        )


def _check_clock(area: Area, date: str | None) -> None:
    try:
        theirs = parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return  # it says no time (RFC 9110, 6.6.1 lets it)
    skew = abs(theirs - time.time())
    said = f"The issuer's clock and this machine's differ by {skew:.0f} s."
    if skew > FAR_OFF_S:
        area.error(said, "Set both by NTP: good tokens are refused, or bad ones taken.")
    elif skew > SKEW_S:
        area.warn(said, "Set both by NTP.")
    else:
        area.ok(said)
