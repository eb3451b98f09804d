from typing import Literal

InspectedConversationDetailConversationType = Literal["bid", "direct", "dispute", "job", "request", "support"]

INSPECTED_CONVERSATION_DETAIL_CONVERSATION_TYPE_VALUES: set[InspectedConversationDetailConversationType] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_inspected_conversation_detail_conversation_type(value: str) -> InspectedConversationDetailConversationType:
    if value in INSPECTED_CONVERSATION_DETAIL_CONVERSATION_TYPE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {INSPECTED_CONVERSATION_DETAIL_CONVERSATION_TYPE_VALUES!r}"
    )
