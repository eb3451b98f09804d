"""Blanks metadata of FLAC files in place: comments, pictures, cue sheets and data of programs (RFC 9639)."""

from pathlib import Path

from wasgo_chat.attachments.upload.metadata.bounded_io import CorruptFile, EditedFile
from wasgo_chat.attachments.upload.metadata.ogg import clean_flac_block

_MAX_BLOCKS = 1_000
_LAST = 128


def clean_flac(path: Path) -> None:
    """Blank the metadata of a recording in place. Raises: CorruptFile."""
    with EditedFile(path) as file:
        if file.read(0, 4) != b"fLaC":
            raise CorruptFile
        position = 4
        for _ in range(_MAX_BLOCKS):
            header = file.read(position, 4)
            length = 4 + int.from_bytes(header[1:])
            file.write(position, clean_flac_block(file.read(position, length)))
            position += length
            if header[0] & _LAST:
                return
    raise CorruptFile
