from typing import Literal, cast

ListMessagesMessageTypeType0 = Literal["audio", "file", "image", "location", "system", "text", "video"]

LIST_MESSAGES_MESSAGE_TYPE_TYPE_0_VALUES: set[ListMessagesMessageTypeType0] = {
    "audio",
    "file",
    "image",
    "location",
    "system",
    "text",
    "video",
}


def check_list_messages_message_type_type_0(value: str) -> ListMessagesMessageTypeType0:
    return cast(ListMessagesMessageTypeType0, value)  # a newer service may have more values
