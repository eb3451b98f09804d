from typing import Literal

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
    if value in CONVERSATION_CORE_CONVERSATION_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONVERSATION_CORE_CONVERSATION_TYPE_VALUES!r}")
