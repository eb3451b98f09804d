from typing import Literal, cast

SendMessageFilesBodyMessageType = Literal["audio", "file", "image", "location", "text", "video"]

SEND_MESSAGE_FILES_BODY_MESSAGE_TYPE_VALUES: set[SendMessageFilesBodyMessageType] = {
    "audio",
    "file",
    "image",
    "location",
    "text",
    "video",
}


def check_send_message_files_body_message_type(value: str) -> SendMessageFilesBodyMessageType:
    return cast(SendMessageFilesBodyMessageType, value)  # a newer service may have more values
