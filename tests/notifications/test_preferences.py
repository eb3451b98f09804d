"""A channel that is only partly configured is rejected at startup, with what to set."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.notifications.notification_world import VAPID_KEY, WEBHOOK_SECRET
from wasgo_chat.app import create_app
from wasgo_chat.notifications.delivery.push import public_key
from wasgo_chat.settings.config import Settings, UnsafeSettings

MAIL = {"smtp_url": "smtp://u:p%40ss@mail.example:587", "mail_from": "c@x.example", "public_url": "https://x.example"}
PUSH = {"vapid_private_key": VAPID_KEY, "vapid_subject": "mailto:ops@x.example"}
HOOK = {"notify_webhook_url": "https://x.example/hook", "notify_webhook_secret": WEBHOOK_SECRET}


def settings(**given: Any) -> Settings:
    return Settings(database_url="postgresql://nobody@127.0.0.1:1/none", jwt_secret="x" * 32, **given)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({**MAIL, "smtp_url": "mail.example:25"}, "SMTP_URL"),
        ({**MAIL, "mail_from": ""}, "MAIL_FROM"),
        ({**MAIL, "public_url": ""}, "PUBLIC_URL"),
        ({**PUSH, "vapid_private_key": "AAAA"}, "VAPID_PRIVATE_KEY"),
        ({**PUSH, "vapid_subject": "ops@x.example"}, "VAPID_SUBJECT"),
        ({**HOOK, "notify_webhook_url": "x.example"}, "NOTIFY_WEBHOOK_URL"),
        ({**HOOK, "notify_webhook_secret": None}, "NOTIFY_WEBHOOK_SECRET"),
        ({**HOOK, "notify_webhook_secret": "whsec_!"}, "NOTIFY_WEBHOOK_SECRET"),
    ],
)
async def test_missing_settings_are_named_and_secrets_are_not_shown(given: dict[str, Any], named: str) -> None:
    with pytest.raises(UnsafeSettings, match=f"WASGO_CHAT_{named} ") as refused:
        create_app(settings(**given))
    assert "p%40ss" not in str(refused.value)
    assert VAPID_KEY not in str(refused.value)


async def test_complete_settings_are_accepted() -> None:
    create_app(settings(**MAIL, **PUSH, **HOOK))
    assert "p%40ss" not in repr(settings(**MAIL))


def test_a_vapid_key_as_pem_is_the_same_key() -> None:
    key = ec.derive_private_key(int.from_bytes(b"\x07" * 32, "big"), ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    assert public_key(settings(vapid_private_key=pem)) == public_key(settings(vapid_private_key=VAPID_KEY))
