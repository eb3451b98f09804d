from typing import Literal

DeliveryOutChannel = Literal["email", "push", "webhook"]

DELIVERY_OUT_CHANNEL_VALUES: set[DeliveryOutChannel] = {
    "email",
    "push",
    "webhook",
}


def check_delivery_out_channel(value: str) -> DeliveryOutChannel:
    if value in DELIVERY_OUT_CHANNEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DELIVERY_OUT_CHANNEL_VALUES!r}")
