from typing import Literal, cast

ConversationCoreStatus = Literal["closed", "open"]

CONVERSATION_CORE_STATUS_VALUES: set[ConversationCoreStatus] = {
    "closed",
    "open",
}


def check_conversation_core_status(value: str) -> ConversationCoreStatus:
    return cast(ConversationCoreStatus, value)  # a newer service may have more values
