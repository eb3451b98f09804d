from typing import Literal, cast

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
    return cast(InspectedConversationDetailConversationType, value)  # a newer service may have more values
