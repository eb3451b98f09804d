from typing import Literal, cast

InspectConversationsStatusType0 = Literal["closed", "open"]

INSPECT_CONVERSATIONS_STATUS_TYPE_0_VALUES: set[InspectConversationsStatusType0] = {
    "closed",
    "open",
}


def check_inspect_conversations_status_type_0(value: str) -> InspectConversationsStatusType0:
    return cast(InspectConversationsStatusType0, value)  # a newer service may have more values
