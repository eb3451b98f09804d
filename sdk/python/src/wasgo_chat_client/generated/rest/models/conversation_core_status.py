from typing import Literal

ConversationCoreStatus = Literal["closed", "open"]

CONVERSATION_CORE_STATUS_VALUES: set[ConversationCoreStatus] = {
    "closed",
    "open",
}


def check_conversation_core_status(value: str) -> ConversationCoreStatus:
    if value in CONVERSATION_CORE_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {CONVERSATION_CORE_STATUS_VALUES!r}")
