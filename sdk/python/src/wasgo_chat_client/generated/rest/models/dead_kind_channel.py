from typing import Literal

DeadKindChannel = Literal["email", "push", "webhook"]

DEAD_KIND_CHANNEL_VALUES: set[DeadKindChannel] = {
    "email",
    "push",
    "webhook",
}


def check_dead_kind_channel(value: str) -> DeadKindChannel:
    if value in DEAD_KIND_CHANNEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DEAD_KIND_CHANNEL_VALUES!r}")
