from typing import Literal

InspectedConversationStatus = Literal["closed", "open"]

INSPECTED_CONVERSATION_STATUS_VALUES: set[InspectedConversationStatus] = {
    "closed",
    "open",
}


def check_inspected_conversation_status(value: str) -> InspectedConversationStatus:
    if value in INSPECTED_CONVERSATION_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INSPECTED_CONVERSATION_STATUS_VALUES!r}")
