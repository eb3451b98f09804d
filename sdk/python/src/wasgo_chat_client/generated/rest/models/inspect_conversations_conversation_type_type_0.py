from typing import Literal, cast

InspectConversationsConversationTypeType0 = Literal["bid", "direct", "dispute", "job", "request", "support"]

INSPECT_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES: set[InspectConversationsConversationTypeType0] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_inspect_conversations_conversation_type_type_0(value: str) -> InspectConversationsConversationTypeType0:
    return cast(InspectConversationsConversationTypeType0, value)  # a newer service may have more values
