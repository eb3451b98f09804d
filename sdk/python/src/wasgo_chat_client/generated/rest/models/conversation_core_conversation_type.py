from typing import Literal, cast

ConversationCoreConversationType = Literal["bid", "direct", "dispute", "job", "request", "support"]

CONVERSATION_CORE_CONVERSATION_TYPE_VALUES: set[ConversationCoreConversationType] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_conversation_core_conversation_type(value: str) -> ConversationCoreConversationType:
    return cast(ConversationCoreConversationType, value)  # a newer service may have more values
