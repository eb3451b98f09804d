"""The mail server: whether it greets us and knows us. Nothing is sent."""

from wasgo_chat.core.config import Settings, UnsafeSettings
from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.notifications.delivery.base import DeliveryFailed
from wasgo_chat.notifications.delivery.email import EmailChannel


async def check(settings: Settings) -> list[Finding]:
    """Connect, say EHLO, log in, leave."""
    area = Area("mail")
    if settings.smtp_url is None:
        area.ok("None is set: nobody gets e-mail.")
        return area.findings
    try:
        await EmailChannel(settings).check_login()
    except UnsafeSettings as error:
        area.error(str(error), "Set it, and look again.")
    except DeliveryFailed as error:
        refused = error.reason.removeprefix("smtp_").isdigit()
        area.error(
            f"The mail server does not let us in ({error.reason}).",
            "Correct the user and the password in WASGO_CHAT_SMTP_URL."
            if refused
            else "Check the address in WASGO_CHAT_SMTP_URL: smtp:// begins plain (587), smtps:// with TLS (465).",
        )
    else:
        area.ok("The mail server greets us and lets us in.")
    return area.findings
