from typing import Literal

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
    if value in LIST_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_CONVERSATIONS_CONVERSATION_TYPE_TYPE_0_VALUES!r}"
    )
