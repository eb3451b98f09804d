from typing import Literal

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
    if value in SEND_MESSAGE_FILES_BODY_MESSAGE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SEND_MESSAGE_FILES_BODY_MESSAGE_TYPE_VALUES!r}")
