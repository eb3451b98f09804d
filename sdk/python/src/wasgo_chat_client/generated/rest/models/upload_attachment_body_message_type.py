from typing import Literal, cast

UploadAttachmentBodyMessageType = Literal["audio", "file", "image", "video"]

UPLOAD_ATTACHMENT_BODY_MESSAGE_TYPE_VALUES: set[UploadAttachmentBodyMessageType] = {
    "audio",
    "file",
    "image",
    "video",
}


def check_upload_attachment_body_message_type(value: str) -> UploadAttachmentBodyMessageType:
    return cast(UploadAttachmentBodyMessageType, value)  # a newer service may have more values
