from typing import Literal, cast

ListDeliveriesStateType0 = Literal["dead", "pending", "retrying", "sending", "sent"]

LIST_DELIVERIES_STATE_TYPE_0_VALUES: set[ListDeliveriesStateType0] = {
    "dead",
    "pending",
    "retrying",
    "sending",
    "sent",
}


def check_list_deliveries_state_type_0(value: str) -> ListDeliveriesStateType0:
    return cast(ListDeliveriesStateType0, value)  # a newer service may have more values
