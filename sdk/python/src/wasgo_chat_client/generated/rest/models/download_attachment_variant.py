from typing import Literal

DownloadAttachmentVariant = Literal["original", "thumbnail"]

DOWNLOAD_ATTACHMENT_VARIANT_VALUES: set[DownloadAttachmentVariant] = {
    "original",
    "thumbnail",
}


def check_download_attachment_variant(value: str) -> DownloadAttachmentVariant:
    if value in DOWNLOAD_ATTACHMENT_VARIANT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {DOWNLOAD_ATTACHMENT_VARIANT_VALUES!r}")
