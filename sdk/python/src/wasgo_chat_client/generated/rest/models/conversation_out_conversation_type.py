from typing import Literal, cast

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
    return cast(ConversationOutConversationType, value)  # a newer service may have more values
