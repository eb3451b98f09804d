"""Checks the settings: whether `serve` would start with them, and questionable values."""

import os

from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.notifications.channels import make_channels
from wasgo_chat.settings.config import Settings, UnsafeSettings, unknown_settings


def check(settings: Settings, *, workers: int) -> list[Finding]:
    """Check everything that does not require a connection."""
    area = Area("settings")
    for validate in (
        lambda: settings.check_safe_to_serve(workers=workers),
        lambda: TokenVerifier(settings),
        lambda: make_channels(settings),
    ):
        try:
            validate()
        except UnsafeSettings as error:
            if all(finding.what != str(error) for finding in area.findings):
                area.error(str(error), "Correct it and run the doctor again.")
        except ValueError:
            area.error(
                "WASGO_CHAT_JWT_PUBLIC_KEY is not a PEM public key.", "Set the issuer's public key in PEM format."
            )
    for name, similar in unknown_settings(os.environ).items():
        area.warn(
            f"{name} is not a setting and has no effect.",
            f"Did you mean {similar}?" if similar else "Remove it, or look its name up in README.md.",
        )
    if not settings.trusted_proxies and settings.public_url.startswith("https://"):
        area.warn(
            "WASGO_CHAT_TRUSTED_PROXIES is empty: behind a proxy, all users have its address and share its limits.",
            "Set it to the address or network of the proxy that terminates TLS.",
        )
    if settings.allow_unsafe_database:
        area.warn("WASGO_CHAT_ALLOW_UNSAFE_DATABASE is set.", "Unset it: it is for tests only.")
    if not settings.allowed_origins:
        area.warn(
            "WASGO_CHAT_ALLOWED_ORIGINS is empty: pages of other origins cannot open sockets.",
            "List the origins of your web pages, unless all clients are apps and servers.",
        )
    if settings.public_url.startswith("http://"):
        area.warn(
            "WASGO_CHAT_PUBLIC_URL does not use https.", "Terminate TLS in front of the service and set the https URL."
        )
    if settings.retention_days and not settings.audit_retention_days:
        area.warn(
            "Messages are purged, but the audit log is kept indefinitely.", "Set WASGO_CHAT_AUDIT_RETENTION_DAYS."
        )
    if all(finding.level != "error" for finding in area.findings):
        area.ok(f"`serve --workers {workers}` would start with these settings.")
    return area.findings
