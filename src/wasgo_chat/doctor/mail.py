"""Checks the connection to the mail server and the login. Sends no mail."""

from wasgo_chat.doctor.findings import Area, Finding
from wasgo_chat.notifications.delivery.base import DeliveryFailed
from wasgo_chat.notifications.delivery.email import EmailChannel
from wasgo_chat.settings.config import Settings, UnsafeSettings


async def check(settings: Settings) -> list[Finding]:
    """Connect, send EHLO, log in and disconnect."""
    area = Area("mail")
    if settings.smtp_url is None:
        area.ok("Not configured: no e-mail is sent.")
        return area.findings
    try:
        await EmailChannel(settings).check_login()
    except UnsafeSettings as error:
        area.error(str(error), "Correct it and run the doctor again.")
    except DeliveryFailed as error:
        is_rejected = error.reason.removeprefix("smtp_").isdigit()
        area.error(
            f"Cannot log in to the mail server ({error.reason}).",
            "Correct the user and password in WASGO_CHAT_SMTP_URL."
            if is_rejected
            else "Check WASGO_CHAT_SMTP_URL: smtp:// starts without TLS (port 587), smtps:// with TLS (port 465).",
        )
    else:
        area.ok("Logged in to the mail server.")
    return area.findings
