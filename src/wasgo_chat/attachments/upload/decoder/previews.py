"""Creates thumbnails of images that are cleaned in place and stored as they are: HEIC, AVIF, TIFF and BMP.

A file of these types is worth storing without a thumbnail, too: the raw file of a camera, a picture in a variant that
the codecs do not know, or one that is too large to be decoded. Everything here runs in a decoder process.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pi_heif
from PIL import AvifImagePlugin, Image
from PIL.ExifTags import Base as Tag

from wasgo_chat.attachments.upload.decoder.images import (
    BASE_BYTES,
    THUMBNAIL_PIXELS,
    UPRIGHT,
    Measures,
    is_plausible,
    save_thumbnail,
)
from wasgo_chat.attachments.upload.decoder.working_files import thumbnail_path
from wasgo_chat.attachments.upload.metadata.bounded_io import BoundedReader

PREVIEW_PIXELS = 1_280
"""Of images that browsers do not display: the thumbnail is the only picture of them."""

_FORMATS = {"image/avif": "AVIF", "image/tiff": "TIFF", "image/bmp": "BMP"}
_PIXELS = {"image/heic": PREVIEW_PIXELS, "image/tiff": PREVIEW_PIXELS}
# Measured with 50 million pixels: 9 for HEIC and AVIF.
_BYTES_PER_PIXEL = 10
_MAX_LEVEL = 255
_REDUCED, _RAW_PHOTOMETRIC = 1, frozenset([32803, 34892])  # colour filter array, linear raw
_CR2 = b"CR"
# Threads would need address space for their stacks and heaps, which is limited here.
pi_heif.options.DECODE_THREADS = 1
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class NotDecoded(Exception):
    """The picture is not decoded, and the file is stored without a thumbnail."""


def create_preview(path: Path, content_type: str, max_pixels: int, before_decoding: Callable[[Measures], None]) -> None:
    """Create the thumbnail of an image next to it.

    Args:
        path: the file, cleaned.
        content_type: its type.
        max_pixels: the limit.
        before_decoding: called with the measures, before anything is decoded. May raise.

    Raises:
        NotDecoded: it has too many pixels, or is the raw file of a camera.
        CorruptFile, and whatever the codecs raise: it cannot be decoded.
    """
    pixels = _PIXELS.get(content_type, THUMBNAIL_PIXELS)
    if content_type == "image/heic":
        _preview_heic(path, pixels, max_pixels, before_decoding)
        return
    with BoundedReader(path) as file, Image.open(file, formats=[_FORMATS[content_type]]) as image:
        if content_type == "image/tiff" and _is_raw(path, image):
            raise NotDecoded
        orientation = _orientation(image) if content_type == "image/avif" else 1  # Pillow turns a TIFF when it loads it
        width, height = image.size if orientation < 5 else image.size[::-1]
        _measure(path, width, height, max_pixels, before_decoding)
        image.load()
        save_thumbnail(
            _with_usual_mode(image), thumbnail_path(path), image.info.get("icc_profile"), orientation, pixels
        )


def _preview_heic(path: Path, pixels: int, max_pixels: int, before_decoding: Callable[[Measures], None]) -> None:
    with BoundedReader(path) as file:
        container = pi_heif.open_heif(file, convert_hdr_to_8bit=True)
        frame: Any = container[container.primary_index]
        width, height = frame.size
        _measure(path, width, height, max_pixels, before_decoding)
        content = frame.data
        # libheif turns the picture while it decodes it; only now its size is certain.
        image = Image.frombuffer(frame.mode, frame.size, content, "raw", frame.mode, frame.stride, 1)
        save_thumbnail(image, thumbnail_path(path), frame.info.get("icc_profile"), 1, pixels)


def _measure(path: Path, width: int, height: int, max_pixels: int, before_decoding: Callable[[Measures], None]) -> None:
    pixels = width * height
    if not is_plausible(pixels, path.stat().st_size, max_pixels):
        raise NotDecoded
    before_decoding(Measures(width, height, BASE_BYTES + pixels * _BYTES_PER_PIXEL))


def _orientation(image: Image.Image) -> int:
    """Where Pillow puts the rotation and mirroring of an AVIF."""
    value = image.getexif().get(Tag.Orientation, 1)
    return value if value in UPRIGHT else 1


def _is_raw(path: Path, image: Any) -> bool:
    """Whether this is the raw file of a camera, in which the first picture is a small one, if any."""
    with path.open("rb") as file:
        head = file.read(10)
    tags = image.tag_v2
    return (
        head.endswith(_CR2)
        or Tag.DNGVersion in tags
        or tags.get(Tag.NewSubfileType) == _REDUCED
        or tags.get(Tag.PhotometricInterpretation) in _RAW_PHOTOMETRIC
    )


def _with_usual_mode(image: Image.Image) -> Image.Image:
    """Scale the values of a picture with more than eight bits; Pillow would cut them off."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    step = max(1, max(image.size) // (4 * PREVIEW_PIXELS))
    small = image.resize((-(-image.width // step), -(-image.height // step)), Image.Resampling.NEAREST).convert("F")
    lowest, highest = small.getextrema()
    if not isinstance(lowest, float) or not isinstance(highest, float):
        return image
    factor = _MAX_LEVEL / ((highest - lowest) or 1)
    return small.point(lambda value: value * factor - lowest * factor).convert("L")
