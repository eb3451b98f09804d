from typing import Literal, cast

DeliveryOutChannel = Literal["email", "push", "webhook"]

DELIVERY_OUT_CHANNEL_VALUES: set[DeliveryOutChannel] = {
    "email",
    "push",
    "webhook",
}


def check_delivery_out_channel(value: str) -> DeliveryOutChannel:
    return cast(DeliveryOutChannel, value)  # a newer service may have more values
