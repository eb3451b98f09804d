from typing import Literal

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
    if value in SEND_MESSAGE_MESSAGE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SEND_MESSAGE_MESSAGE_TYPE_VALUES!r}")
