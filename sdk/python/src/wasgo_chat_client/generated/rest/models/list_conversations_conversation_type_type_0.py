from typing import Literal, cast

ListConversationsConversationTypeType0 = Literal["bid", "direct", "dispute", "job", "request", "support"]

LIST_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES: set[ListConversationsConversationTypeType0] = {
    "bid",
    "direct",
    "dispute",
    "job",
    "request",
    "support",
}


def check_list_conversations_conversation_type_type_0(value: str) -> ListConversationsConversationTypeType0:
    return cast(ListConversationsConversationTypeType0, value)  # a newer service may have more values
