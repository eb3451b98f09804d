from typing import Literal

InspectedConversationConversationType = Literal["bid", "direct", "dispute", "job", "request", "support"]

INSPECTED_CONVERSATION_CONVERSATION_TYPE_VALUES: set[InspectedConversationConversationType] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_inspected_conversation_conversation_type(value: str) -> InspectedConversationConversationType:
    if value in INSPECTED_CONVERSATION_CONVERSATION_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INSPECTED_CONVERSATION_CONVERSATION_TYPE_VALUES!r}")
