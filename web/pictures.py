"""Compresses the screenshots of `make screenshots` for the repository: a palette each, at most 150 KB.

`build/screenshots/` has every state in both themes and at both widths, for review. `docs/images/` gets all screenshots
of the chat, and `OPERATOR_IMAGES` of the operator page: each view once, and the dark and phone variants that differ
most.
"""

import io
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "build/screenshots"
TARGET = ROOT / "docs/images"
MAX_BYTES = 150 * 1024
COLOURS = (256, 160, 96, 64)
OPERATOR_IMAGES = (
    "desktop-messages-light",
    "desktop-versions-light",
    "desktop-members-dark",
    "desktop-failed-deliveries-light",
    "desktop-metrics-light",
    "desktop-metrics-dark",
    "phone-list-light",
    "phone-versions-dark",
)


def compress(path: Path) -> bytes:
    """The image as PNG, with as many colours as fit into MAX_BYTES."""
    image = Image.open(path).convert("RGB")
    png = b""
    for colours in COLOURS:
        buffer = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        png = buffer.getvalue()
        if len(png) <= MAX_BYTES:
            break
    return png


def main() -> None:
    """Replace all images in docs/images."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.glob("*.png"):
        old.unlink()
    for path in sorted(SOURCE.glob("*.png")):
        if not path.stem.startswith("operator-") or path.stem.removeprefix("operator-") in OPERATOR_IMAGES:
            (TARGET / path.name).write_bytes(compress(path))


if __name__ == "__main__":
    main()
