from typing import Literal, cast

UpdateConversationStatusType0 = Literal["closed", "open"]

UPDATE_CONVERSATION_STATUS_TYPE_0_VALUES: set[UpdateConversationStatusType0] = {
    "closed",
    "open",
}


def check_update_conversation_status_type_0(value: str) -> UpdateConversationStatusType0:
    return cast(UpdateConversationStatusType0, value)  # a newer service may have more values
