from typing import Literal, cast

InspectedConversationDetailStatus = Literal["closed", "open"]

INSPECTED_CONVERSATION_DETAIL_STATUS_VALUES: set[InspectedConversationDetailStatus] = {
    "closed",
    "open",
}


def check_inspected_conversation_detail_status(value: str) -> InspectedConversationDetailStatus:
    return cast(InspectedConversationDetailStatus, value)  # a newer service may have more values
