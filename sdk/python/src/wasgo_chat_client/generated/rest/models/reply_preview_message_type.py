from typing import Literal, cast

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
    return cast(ReplyPreviewMessageType, value)  # a newer service may have more values
