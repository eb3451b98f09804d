"""Cleans images: limits their pixels, removes metadata such as location and device, and creates a thumbnail.

A JPEG is encoded again with its own quantization tables. Other formats keep the bytes of their pixels and lose the
blocks with metadata (`attachments.upload.image_metadata`), so animations stay intact. All functions block: call them in
a thread. The pipeline imports this module with the first image, because it loads Pillow.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base as Tag

from wasgo_chat.attachments.storage import disk_errors, remove_files
from wasgo_chat.attachments.upload.image_metadata import STRIPPERS, BoundedReader, CorruptImage
from wasgo_chat.core.errors import ChatError, Invalid

THUMBNAIL_PIXELS = 320
_QUALITY = 90
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
# Pillow warns above a limit of its own; ours is checked before anything is decoded.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# What Pillow raises for invalid files; SyntaxError is for a broken PNG.
_INVALID_IMAGE_ERRORS = (
    SyntaxError,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    CorruptImage,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class CleanedImage:
    """The cleaned file of an image, its thumbnail, and its size in pixels."""

    path: Path
    thumbnail: Path
    width: int
    height: int


def clean_image(path: Path, content_type: str, *, max_pixels: int, loc: list[str | int]) -> CleanedImage:
    """Create the cleaned file and the thumbnail of an image in its folder. The caller removes them.

    Raises:
        Invalid: it has too many pixels, or cannot be decoded.
        StorageFull: the disk is full.
    """
    cleaned, thumbnail = path.with_suffix(".clean"), path.with_suffix(".thumbnail")
    try:
        with disk_errors():
            return _clean(path, cleaned, thumbnail, _FORMATS[content_type], max_pixels, loc)
    except ChatError as error:
        remove_files([cleaned, thumbnail])
        cause = error.__cause__
        # Pillow raises OSError without an errno for truncated images.
        if isinstance(cause, OSError) and cause.errno is None:
            raise _unreadable(loc) from error
        raise
    except _INVALID_IMAGE_ERRORS as error:
        remove_files([cleaned, thumbnail])
        raise _unreadable(loc) from error


def _clean(
    path: Path, cleaned: Path, thumbnail: Path, file_format: str, max_pixels: int, loc: list[str | int]
) -> CleanedImage:
    source = path
    if file_format == "GIF":
        STRIPPERS[file_format](path, cleaned)
        source = cleaned  # Pillow would join a comment of a million pieces
    with BoundedReader(source) as file, Image.open(file, formats=[file_format]) as image:
        if image.width * image.height > max_pixels:
            raise Invalid.field(loc, "too_many_pixels", f"has more than {max_pixels} pixels")
        animated = getattr(image, "is_animated", False)  # counting its frames can take minutes
        image.seek(0)
        turned = not animated and image.getexif().get(Tag.Orientation, 1) not in (0, 1)
        profile = image.info.get("icc_profile")
        if turned or file_format == "JPEG":
            keeps_tables = not turned and file_format == "JPEG"
            upright = image if not turned else ImageOps.exif_transpose(image)
            _save(upright, cleaned, file_format, "keep" if keeps_tables else _QUALITY, profile)
        else:
            if file_format != "GIF":
                STRIPPERS[file_format](path, cleaned)
            image.load()
            upright = image
        width, height = upright.size
        _save_thumbnail(upright, thumbnail, profile)
    return CleanedImage(cleaned, thumbnail, width, height)


def _save(image: Image.Image, path: Path, file_format: str, quality: str | int, profile: bytes | None) -> None:
    options: dict[str, Any] = {"icc_profile": profile}
    if file_format == "JPEG":
        options |= {"quality": quality, "comment": b""}
    elif file_format == "WEBP":
        options |= {"quality": quality, "exif": b"", "xmp": b""}
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    image.save(path, file_format, **options)


def _save_thumbnail(image: Image.Image, path: Path, profile: bytes | None) -> None:
    has_alpha = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
    small = image.convert("RGBA" if has_alpha else "RGB")
    # A CMYK profile does not apply to the RGB thumbnail.
    rgb_profile = profile if image.mode in ("RGB", "RGBA") else None
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    small.info = {}
    small.save(path, "WEBP", quality=80, icc_profile=rgb_profile)


def _unreadable(loc: list[str | int]) -> Invalid:
    return Invalid.field(loc, "unreadable_image", "is not a readable image")
