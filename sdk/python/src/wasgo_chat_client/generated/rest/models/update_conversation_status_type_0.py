from typing import Literal

UpdateConversationStatusType0 = Literal["closed", "open"]

UPDATE_CONVERSATION_STATUS_TYPE_0_VALUES: set[UpdateConversationStatusType0] = {
    "closed",
    "open",
}


def check_update_conversation_status_type_0(value: str) -> UpdateConversationStatusType0:
    if value in UPDATE_CONVERSATION_STATUS_TYPE_0_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {UPDATE_CONVERSATION_STATUS_TYPE_0_VALUES!r}")
