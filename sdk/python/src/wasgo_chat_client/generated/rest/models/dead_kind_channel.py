from typing import Literal, cast

DeadKindChannel = Literal["email", "push", "webhook"]

DEAD_KIND_CHANNEL_VALUES: set[DeadKindChannel] = {
    "email",
    "push",
    "webhook",
}


def check_dead_kind_channel(value: str) -> DeadKindChannel:
    return cast(DeadKindChannel, value)  # a newer service may have more values
