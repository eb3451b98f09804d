from typing import Literal, cast

NotificationOutKind = Literal["mention", "message", "reply"]

NOTIFICATION_OUT_KIND_VALUES: set[NotificationOutKind] = {
    "mention",
    "message",
    "reply",
}


def check_notification_out_kind(value: str) -> NotificationOutKind:
    return cast(NotificationOutKind, value)  # a newer service may have more values
