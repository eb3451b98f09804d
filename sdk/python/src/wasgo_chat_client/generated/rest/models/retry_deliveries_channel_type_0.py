from typing import Literal

RetryDeliveriesChannelType0 = Literal["email", "push", "webhook"]

RETRY_DELIVERIES_CHANNEL_TYPE_0_VALUES: set[RetryDeliveriesChannelType0] = {
    "email",
    "push",
    "webhook",
}


def check_retry_deliveries_channel_type_0(value: str) -> RetryDeliveriesChannelType0:
    if value in RETRY_DELIVERIES_CHANNEL_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {RETRY_DELIVERIES_CHANNEL_TYPE_0_VALUES!r}")
