"""What is cleaned, by content type, before a file is stored. Other types are stored as they are.

Runs in a decoder process. `docs/security.md` lists what remains in which type.
"""

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

from wasgo_chat.attachments.upload.metadata.audio_tags import clean_mp3, clean_wav
from wasgo_chat.attachments.upload.metadata.bmp import clean_bmp
from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile
from wasgo_chat.attachments.upload.metadata.flac import clean_flac
from wasgo_chat.attachments.upload.metadata.iso_media import clean_iso_media
from wasgo_chat.attachments.upload.metadata.matroska import clean_matroska
from wasgo_chat.attachments.upload.metadata.ogg import clean_ogg
from wasgo_chat.attachments.upload.metadata.riff_video import clean_avi
from wasgo_chat.attachments.upload.metadata.tiff import clean_tiff

IN_PLACE: dict[str, Callable[[Path], None]] = {
    "video/mp4": clean_iso_media,
    "video/quicktime": clean_iso_media,
    "audio/mp4": clean_iso_media,
    "video/webm": clean_matroska,
    "audio/webm": clean_matroska,
    "video/x-matroska": clean_matroska,
    "audio/x-matroska": clean_matroska,
    "audio/ogg": clean_ogg,
    "video/ogg": clean_ogg,
    "video/x-msvideo": clean_avi,
    "audio/flac": clean_flac,
    "image/heic": clean_iso_media,
    "image/avif": clean_iso_media,
    "image/tiff": clean_tiff,
    "image/bmp": clean_bmp,
    "audio/mpeg": clean_mp3,
    "audio/wav": clean_wav,
}
"""The functions that change a file in place. They raise CorruptFile if its structure is not valid."""

PREVIEWED = frozenset(["image/heic", "image/avif", "image/tiff", "image/bmp"])
"""The images among them: they are stored as they are, with a thumbnail if they can be decoded."""


def clean_in_place(path: Path, content_type: str) -> bool:
    """Clean a file that is not decoded. False if its structure is not valid: it could hide anything."""
    with contextlib.suppress(CorruptFile, struct.error, IndexError, OverflowError):
        IN_PLACE[content_type](path)
        return True
    return False
