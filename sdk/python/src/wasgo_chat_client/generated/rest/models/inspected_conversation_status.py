from typing import Literal, cast

InspectedConversationStatus = Literal["closed", "open"]

INSPECTED_CONVERSATION_STATUS_VALUES: set[InspectedConversationStatus] = {
    "closed",
    "open",
}


def check_inspected_conversation_status(value: str) -> InspectedConversationStatus:
    return cast(InspectedConversationStatus, value)  # a newer service may have more values
