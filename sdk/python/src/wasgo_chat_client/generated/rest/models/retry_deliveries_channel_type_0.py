from typing import Literal, cast

RetryDeliveriesChannelType0 = Literal["email", "push", "webhook"]

RETRY_DELIVERIES_CHANNEL_TYPE_0_VALUES: set[RetryDeliveriesChannelType0] = {
    "email",
    "push",
    "webhook",
}


def check_retry_deliveries_channel_type_0(value: str) -> RetryDeliveriesChannelType0:
    return cast(RetryDeliveriesChannelType0, value)  # a newer service may have more values
