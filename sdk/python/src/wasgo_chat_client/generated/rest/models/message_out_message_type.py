from typing import Literal

MessageOutMessageType = Literal["audio", "file", "image", "location", "system", "text", "video"]

MESSAGE_OUT_MESSAGE_TYPE_VALUES: set[MessageOutMessageType] = {
    "audio",
    "file",
    "image",
    "location",
    "system",
    "text",
    "video",
}


def check_message_out_message_type(value: str) -> MessageOutMessageType:
    if value in MESSAGE_OUT_MESSAGE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {MESSAGE_OUT_MESSAGE_TYPE_VALUES!r}")
