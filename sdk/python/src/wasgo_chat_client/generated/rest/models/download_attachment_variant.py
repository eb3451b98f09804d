from typing import Literal, cast

DownloadAttachmentVariant = Literal["original", "thumbnail"]

DOWNLOAD_ATTACHMENT_VARIANT_VALUES: set[DownloadAttachmentVariant] = {
    "original",
    "thumbnail",
}


def check_download_attachment_variant(value: str) -> DownloadAttachmentVariant:
    return cast(DownloadAttachmentVariant, value)  # a newer service may have more values
