"""Cleans images: removes metadata such as location and device, turns them upright, and creates a thumbnail.

The coded pixels are copied unchanged (`attachments.upload.metadata.image_blocks`), so that no quality is lost and
animations stay intact. Only an image with an orientation is encoded again, or, if it is a large JPEG, keeps its
orientation as its only Exif entry. Everything here runs in a decoder process, never in a worker.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import Base as Tag

from wasgo_chat.attachments.upload.decoder.working_files import cleaned_path, thumbnail_path, turned_path
from wasgo_chat.attachments.upload.metadata.bounded_io import BoundedReader
from wasgo_chat.attachments.upload.metadata.image_blocks import STRIPPERS, webp_size
from wasgo_chat.attachments.upload.metadata.jpeg import with_orientation

THUMBNAIL_PIXELS = 320
LARGE_PIXELS = 24_000_000
"""A turned JPEG with more is not encoded again: it would take 8 bytes of memory per pixel."""
MAX_PIXELS_PER_BYTE = 2_000
"""Of images with more than `LARGE_PIXELS`. The most that photos and screenshots reach is a few hundred."""

_QUALITY = 90
_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
# Bytes of memory per pixel while the thumbnail is made, measured with images of 50 million pixels: libwebp decodes onto
# canvases for animations, and a picture with transparency exists twice while it is made smaller.
_BYTES_PER_PIXEL = {"PNG": 10, "GIF": 10, "WEBP": 18}
_TURNED_BYTES_PER_PIXEL = 10
_SCALED_JPEG_BYTES_PER_PIXEL = 0.25  # decoded at an eighth of its size
BASE_BYTES = 16 << 20
# Pictures of other modes are converted before they are made smaller, unless they are large.
_SCALABLE_MODES = frozenset(["L", "LA", "RGB", "RGBA", "CMYK"])
_COARSE = 8
# By the value of the tag, see CIPA DC-008 (Exif), 4.6.5.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Pillow warns above a limit of its own; ours is checked before anything is decoded.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
Image.MAX_IMAGE_PIXELS = None


class ImageRefused(Exception):
    """The image is not accepted. `code` and `message` are for the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Measures:
    """The size of an image as it is displayed, and an estimate of the memory for decoding it, in bytes."""

    width: int
    height: int
    memory: int


def clean_image(path: Path, content_type: str, max_pixels: int, before_decoding: Callable[[Measures], None]) -> None:
    """Create the cleaned file and the thumbnail of an image next to it. The caller removes them.

    Args:
        path: the file.
        content_type: its type.
        max_pixels: the limit.
        before_decoding: called with the measures, before anything is decoded. May raise.

    Raises:
        ImageRefused: it has too many pixels.
        CorruptFile, and whatever Pillow raises: it cannot be decoded.
    """
    cleaned, file_format = cleaned_path(path), _FORMATS[content_type]
    exif = STRIPPERS[content_type](path, cleaned)
    orientation = 1 if exif is None else _orientation(exif)
    width, height, memory_per_pixel, is_animated = _measure(cleaned, file_format)
    pixels = width * height
    _check_pixels(pixels, cleaned.stat().st_size, max_pixels)
    if is_animated:
        orientation = 1
    keeps_orientation = orientation != 1 and file_format == "JPEG" and pixels > LARGE_PIXELS
    is_encoded_again = orientation != 1 and not keeps_orientation
    if is_encoded_again:
        memory_per_pixel += _TURNED_BYTES_PER_PIXEL
    if orientation >= 5:
        width, height = height, width
    before_decoding(Measures(width, height, BASE_BYTES + int(pixels * memory_per_pixel)))
    with BoundedReader(cleaned) as file, Image.open(file, formats=[file_format]) as image:
        image.seek(0)
        profile = image.info.get("icc_profile")
        if is_encoded_again:
            upright = image.transpose(UPRIGHT[orientation])
            _save(upright, turned_path(path), file_format, profile)
            save_thumbnail(upright, thumbnail_path(path), profile, 1)
        else:
            save_thumbnail(image, thumbnail_path(path), profile, orientation)
    if is_encoded_again:
        turned_path(path).replace(cleaned)
    elif keeps_orientation:
        with_orientation(cleaned, orientation)


def _measure(path: Path, file_format: str) -> tuple[int, int, float, bool]:
    """Width, height, an estimate of the memory per pixel, and whether it is an animation. Decodes nothing."""
    if file_format == "WEBP":
        width, height, is_animated = webp_size(path)
        return width, height, _BYTES_PER_PIXEL[file_format], is_animated
    with BoundedReader(path) as file, Image.open(file, formats=[file_format]) as image:
        per_pixel: float = _BYTES_PER_PIXEL.get(file_format, _SCALED_JPEG_BYTES_PER_PIXEL)
        if image.info.get("progressive"):
            per_pixel = 2 * len(image.getbands())  # all coefficients are in memory
        # Counting the frames of a GIF can take minutes, and it has no orientation.
        return image.width, image.height, per_pixel, file_format == "PNG" and getattr(image, "is_animated", False)


def is_plausible(pixels: int, size: int, max_pixels: int) -> bool:
    """Whether a file of this size may have so many pixels."""
    return pixels <= min(max_pixels, max(LARGE_PIXELS, size * MAX_PIXELS_PER_BYTE))


def _check_pixels(pixels: int, size: int, max_pixels: int) -> None:
    if pixels > max_pixels:
        raise ImageRefused("too_many_pixels", f"has more than {max_pixels} pixels")
    if not is_plausible(pixels, size, max_pixels):
        raise ImageRefused("too_many_pixels", f"has more than {LARGE_PIXELS} pixels, nearly all of them equal")


def _orientation(data: bytes) -> int:
    exif = Image.Exif()
    try:
        exif.load(data)
        value = exif.get(Tag.Orientation, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _save(image: Image.Image, path: Path, file_format: str, profile: bytes | None) -> None:
    options: dict[str, Any] = {"icc_profile": profile}
    if file_format in ("JPEG", "WEBP"):
        options["quality"] = _QUALITY
    image.info = {name: value for name, value in image.info.items() if name == "transparency"}
    image.save(path, file_format, **options)


def save_thumbnail(
    image: Image.Image, path: Path, profile: bytes | None, orientation: int, pixels: int = THUMBNAIL_PIXELS
) -> None:
    """Write a thumbnail with at most so many pixels on a side, turned upright."""
    box = (pixels, pixels)
    # A JPEG is decoded at a fraction of its size, at least twice that of the thumbnail.
    image.draft(None, (2 * pixels, 2 * pixels))
    image.load()
    has_alpha = "transparency" in image.info or image.mode in ("RGBA", "LA", "PA")
    # A CMYK profile does not apply to the RGB thumbnail.
    rgb_profile = profile if image.mode in ("RGB", "RGBA") else None
    is_large = image.width * image.height > LARGE_PIXELS // 6
    if is_large and image.mode not in _SCALABLE_MODES:
        # Other modes cannot be averaged before they are converted, which would take four bytes for each pixel.
        step = max(1, max(image.size) // (_COARSE * pixels))
        image = image.resize((-(-image.width // step), -(-image.height // step)), Image.Resampling.NEAREST)
    if is_large and image.mode in _SCALABLE_MODES and "transparency" not in image.info:
        image.thumbnail(box)
    small = image.convert("RGBA" if has_alpha else "RGB")
    small.thumbnail(box)
    if orientation != 1:
        small = small.transpose(UPRIGHT[orientation])
    small.info = {}
    small.save(path, "WEBP", quality=80, icc_profile=rgb_profile)
