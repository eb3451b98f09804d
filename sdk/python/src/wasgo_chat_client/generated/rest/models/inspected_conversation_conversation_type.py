from typing import Literal, cast

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
    return cast(InspectedConversationConversationType, value)  # a newer service may have more values
