"""Settings: delivery by e-mail, web push and webhook."""

from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr


class NotificationSettings(BaseModel):
    """Delivery by e-mail, web push and webhook."""

    heading: ClassVar[str] = "Notifications"

    smtp_url: SecretStr | None = Field(
        None,
        description="SMTP server: `smtp://user:password@host:587` (STARTTLS if offered) or `smtps://…:465`. "
        "Unset: no e-mail.",
    )
    mail_from: str = Field("", description="Sender of e-mails: `Chat <chat@example.org>`. Required with `SMTP_URL`.")
    public_url: str = Field(
        "", description="Public URL of this service, such as `https://chat.example.org`. Required with `SMTP_URL`."
    )
    conversation_url: str | None = Field(
        None, description="URL of a conversation in your app, for links: `https://app.example/chat/{conversation_id}`."
    )
    vapid_private_key: SecretStr | None = Field(
        None, description="Web push key: P-256, as PEM or as 32 bytes in base64url. Unset: no web push."
    )
    vapid_subject: str = Field(
        "", description="Contact for push services: `mailto:…` or `https://…`. Required with `VAPID_PRIVATE_KEY`."
    )
    push_to_private_addresses: bool = Field(
        False, description="Allow push endpoints with plain HTTP or private addresses. Development only."
    )
    notify_webhook_url: str | None = Field(
        None, description="URL of the platform's own notifier. It receives signed webhooks (Standard Webhooks)."
    )
    notify_webhook_secret: SecretStr | None = Field(
        None,
        description="Webhook signing secret: `whsec_` and 24 to 64 bytes in base64. Required with "
        "`NOTIFY_WEBHOOK_URL`.",
    )
    notify_delay_s: float = Field(
        30.0, ge=0, description="How long messages are collected before one e-mail, push or webhook is sent."
    )
    notify_include_text: bool = Field(False, description="Include message text in e-mails, pushes and webhooks.")
    notify_max_attempts: int = Field(
        10, ge=1, description="Attempts to deliver an e-mail, push or webhook before the delivery is marked dead."
    )
    notify_retry_s: float = Field(
        10.0, ge=0, description="Maximum delay before the second attempt. It doubles with each attempt, up to one hour."
    )
