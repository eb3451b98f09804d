from typing import Literal, cast

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
    return cast(MessageOutMessageType, value)  # a newer service may have more values
