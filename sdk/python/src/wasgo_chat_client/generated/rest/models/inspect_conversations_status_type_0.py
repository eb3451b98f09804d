from typing import Literal

InspectConversationsStatusType0 = Literal["closed", "open"]

INSPECT_CONVERSATIONS_STATUS_TYPE_0_VALUES: set[InspectConversationsStatusType0] = {
    "closed",
    "open",
}


def check_inspect_conversations_status_type_0(value: str) -> InspectConversationsStatusType0:
    if value in INSPECT_CONVERSATIONS_STATUS_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INSPECT_CONVERSATIONS_STATUS_TYPE_0_VALUES!r}")
