from typing import Literal

InspectConversationsConversationTypeType0 = Literal["bid", "direct", "dispute", "job", "request", "support"]

INSPECT_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES: set[InspectConversationsConversationTypeType0] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_inspect_conversations_conversation_type_type_0(value: str) -> InspectConversationsConversationTypeType0:
    if value in INSPECT_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {INSPECT_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES!r}"
    )
