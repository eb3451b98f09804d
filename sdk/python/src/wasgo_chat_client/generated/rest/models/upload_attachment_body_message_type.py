from typing import Literal

UploadAttachmentBodyMessageType = Literal["audio", "file", "image", "video"]

UPLOAD_ATTACHMENT_BODY_MESSAGE_TYPE_VALUES: set[UploadAttachmentBodyMessageType] = {
    "audio",
    "file",
    "image",
    "video",
}


def check_upload_attachment_body_message_type(value: str) -> UploadAttachmentBodyMessageType:
    if value in UPLOAD_ATTACHMENT_BODY_MESSAGE_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {UPLOAD_ATTACHMENT_BODY_MESSAGE_TYPE_VALUES!r}")
