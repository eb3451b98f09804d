from typing import Literal

ConversationOutConversationType = Literal["bid", "direct", "dispute", "job", "request", "support"]

CONVERSATION_OUT_CONVERSATION_TYPE_VALUES: set[ConversationOutConversationType] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_conversation_out_conversation_type(value: str) -> ConversationOutConversationType:
    if value in CONVERSATION_OUT_CONVERSATION_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONVERSATION_OUT_CONVERSATION_TYPE_VALUES!r}")
