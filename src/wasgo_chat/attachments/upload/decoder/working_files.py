"""The files that cleaning an image creates next to it, while it is not stored yet."""

from pathlib import Path


def cleaned_path(path: Path) -> Path:
    """Where the cleaned file of an image is written."""
    return path.with_suffix(".clean")


def thumbnail_path(path: Path) -> Path:
    """Where the thumbnail of an image is written."""
    return path.with_suffix(".thumbnail")


def turned_path(path: Path) -> Path:
    """Where an image is encoded again, before it replaces the cleaned file."""
    return path.with_suffix(".turned")


def working_paths(path: Path) -> list[Path]:
    """Every file that cleaning an image may leave."""
    return [cleaned_path(path), thumbnail_path(path), turned_path(path)]
