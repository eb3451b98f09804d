from typing import Literal

NotificationOutKind = Literal["mention", "message", "reply"]

NOTIFICATION_OUT_KIND_VALUES: set[NotificationOutKind] = {
    "mention",
    "message",
    "reply",
}


def check_notification_out_kind(value: str) -> NotificationOutKind:
    if value in NOTIFICATION_OUT_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {NOTIFICATION_OUT_KIND_VALUES!r}")
