from typing import Literal

InspectedConversationDetailStatus = Literal["closed", "open"]

INSPECTED_CONVERSATION_DETAIL_STATUS_VALUES: set[InspectedConversationDetailStatus] = {
    "closed",
    "open",
}


def check_inspected_conversation_detail_status(value: str) -> InspectedConversationDetailStatus:
    if value in INSPECTED_CONVERSATION_DETAIL_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INSPECTED_CONVERSATION_DETAIL_STATUS_VALUES!r}")
