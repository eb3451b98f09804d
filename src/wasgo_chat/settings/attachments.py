"""Settings: uploads, their processing and their storage."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr


class AttachmentSettings(BaseModel):
    """Uploads, their processing and their storage."""

    heading: ClassVar[str] = "Attachments"

    max_attachment_bytes: int = Field(
        26_214_400, ge=1, description="Maximum bytes of an attachment. A larger file is rejected with 413."
    )
    max_attachments: int = Field(10, ge=1, description="Maximum attachments of a message.")
    max_image_pixels: int = Field(
        128_000_000, ge=1, description="Maximum pixels of an image. A larger image is rejected with 422."
    )
    image_decoders: int = Field(
        2, ge=1, le=16, description="Maximum processes per worker that clean files. They start with the first file."
    )
    image_decoder_memory_bytes: int = Field(
        536_870_912,
        ge=67_108_864,
        description="Memory for decoding images, per worker and in addition to its own. An image that needs more is "
        "rejected with 422.",
    )
    image_decoder_cpu_s: int = Field(
        10, ge=1, description="CPU time for cleaning one file. A file that needs more is rejected with 422."
    )
    unclaimed_uploads: int = Field(
        100, ge=0, description="Maximum uploads of a user that no message has. 0: unlimited."
    )
    unclaimed_upload_bytes: int = Field(
        536_870_912, ge=0, description="Maximum bytes of a user's uploads that no message has. 0: unlimited."
    )
    daily_uploads: int = Field(2_000, ge=0, description="Maximum files that a user stores in 24 hours. 0: unlimited.")
    daily_upload_bytes: int = Field(
        2_147_483_648, ge=0, description="Maximum bytes of the files that a user stores in 24 hours. 0: unlimited."
    )
    storage_dir: Path = Field(
        Path(".data/attachments"),
        description="Directory for attachments, shared by all workers. With S3, uploads are stored here temporarily.",
    )
    s3_bucket: str | None = Field(None, description="S3 bucket for attachments, instead of the directory.")
    s3_endpoint: str | None = Field(None, description="URL of an S3-compatible store. Unset: AWS.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key_id: str | None = Field(None, description="S3 access key. Unset: credentials from the environment.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of the S3 access key.")
    s3_redirect: bool = Field(
        True,
        description="Redirect browsers to the store for images, audio and video. Off: the service delivers all files.",
    )
    attachment_url_ttl_s: int = Field(
        300, ge=1, description="Minimum lifetime of a download link. A link is valid for up to twice as long."
    )
    unclaimed_attachment_ttl_h: int = Field(
        24, ge=1, description="Lifetime of an upload that is not attached to a message."
    )
    attachment_cleanup_s: float = Field(
        60.0, gt=0, description="How often a worker deletes attachments that are no longer referenced."
    )
    clamd: str | None = Field(
        None, pattern=r"^.+:[0-9]+$", description="Virus scanner (clamd) as `host:port`. Unset: files are not scanned."
    )
    clamd_timeout_s: float = Field(
        30.0, gt=0, description="Maximum wait for the virus scanner before the upload fails with 503."
    )
