from typing import Literal, cast

DeliveryOutState = Literal["dead", "pending", "retrying", "sending", "sent"]

DELIVERY_OUT_STATE_VALUES: set[DeliveryOutState] = {
    "dead",
    "pending",
    "retrying",
    "sending",
    "sent",
}


def check_delivery_out_state(value: str) -> DeliveryOutState:
    return cast(DeliveryOutState, value)  # a newer service may have more values
