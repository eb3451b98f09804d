from typing import Literal

ReplyPreviewMessageType = Literal["audio", "file", "image", "location", "system", "text", "video"]

REPLY_PREVIEW_MESSAGE_TYPE_VALUES: set[ReplyPreviewMessageType] = {
    "audio",
    "file",
    "image",
    "location",
    "system",
    "text",
    "video",
}


def check_reply_preview_message_type(value: str) -> ReplyPreviewMessageType:
    if value in REPLY_PREVIEW_MESSAGE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {REPLY_PREVIEW_MESSAGE_TYPE_VALUES!r}")
