from typing import Literal, cast

CreateConversationConversationType = Literal["bid", "direct", "dispute", "job", "request", "support"]

CREATE_CONVERSATION_CONVERSATION_TYPE_VALUES: set[CreateConversationConversationType] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_create_conversation_conversation_type(value: str) -> CreateConversationConversationType:
    return cast(CreateConversationConversationType, value)  # a newer service may have more values
