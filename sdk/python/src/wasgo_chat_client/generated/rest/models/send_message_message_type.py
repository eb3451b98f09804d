from typing import Literal, cast

SendMessageMessageType = Literal["audio", "file", "image", "location", "text", "video"]

SEND_MESSAGE_MESSAGE_TYPE_VALUES: set[SendMessageMessageType] = {
    "audio",
    "file",
    "image",
    "location",
    "text",
    "video",
}


def check_send_message_message_type(value: str) -> SendMessageMessageType:
    return cast(SendMessageMessageType, value)  # a newer service may have more values
