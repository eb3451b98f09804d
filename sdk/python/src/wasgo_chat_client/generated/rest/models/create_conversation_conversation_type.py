from typing import Literal

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
    if value in CREATE_CONVERSATION_CONVERSATION_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CREATE_CONVERSATION_CONVERSATION_TYPE_VALUES!r}")
