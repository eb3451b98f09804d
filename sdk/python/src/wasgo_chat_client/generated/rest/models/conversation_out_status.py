from typing import Literal, cast

ConversationOutStatus = Literal["closed", "open"]

CONVERSATION_OUT_STATUS_VALUES: set[ConversationOutStatus] = {
    "closed",
    "open",
}


def check_conversation_out_status(value: str) -> ConversationOutStatus:
    return cast(ConversationOutStatus, value)  # a newer service may have more values
