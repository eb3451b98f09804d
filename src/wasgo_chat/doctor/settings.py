"""The settings: whether `serve` would start with them, and what of them is odd."""

from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.identity.tokens import TokenVerifier
from wasgo_chat.notifications.channels import make_channels


def check(settings: Settings, *, workers: int) -> list[Finding]:
    """All that can be said without asking anybody."""
    area = Area("settings")
    for look in (
        lambda: settings.check_safe_to_serve(workers=workers),
        lambda: TokenVerifier(settings),
        lambda: make_channels(settings),
    ):
        try:
            look()
        except UnsafeSettings as error:
            if all(one.what != str(error) for one in area.findings):
                area.error(str(error), "Set it, and look again.")
        except ValueError:
            area.error("WASGO_CHAT_JWT_PUBLIC_KEY is not a PEM public key.", "Set the issuer's public key, as PEM.")
    if settings.allow_unsafe_database:
        area.warn("WASGO_CHAT_ALLOW_UNSAFE_DATABASE is on.", "Unset it: it is for tests only.")
    if not settings.allowed_origins:
        area.warn(
            "WASGO_CHAT_ALLOWED_ORIGINS is empty: no page of another origin may open sockets.",
            "Name the origins of your pages, unless only apps and servers are clients.",
        )
    if settings.public_url.startswith("http://"):
        area.warn("WASGO_CHAT_PUBLIC_URL is not https.", "Put TLS in front of the service, and name that address.")
    if settings.retention_days and not settings.audit_retention_days:
        area.warn("Messages are purged and the audit is kept for ever.", "Set WASGO_CHAT_AUDIT_RETENTION_DAYS.")
    if all(one.level != "error" for one in area.findings):
        area.ok(f"`serve --workers {workers}` would start with them.")
    return area.findings
