"""Makes the pictures of `make screenshots` small enough for the repository: a palette each.

Every state lies in `build/screenshots/` for eyes; `docs/images/` gets all of them, at most 150 KB each.
"""

import io
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
FROM = ROOT / "build/screenshots"
TO = ROOT / "docs/images"
MOST_BYTES = 150 * 1024
COLOURS = (256, 160, 96, 64)


def small(path: Path) -> bytes:
    """The picture with as many colours as fit."""
    image = Image.open(path).convert("RGB")
    made = b""
    for colours in COLOURS:
        held = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(held, "PNG", optimize=True)
        made = held.getvalue()
        if len(made) <= MOST_BYTES:
            break
    return made


def main() -> None:
    """Write them anew."""
    TO.mkdir(parents=True, exist_ok=True)
    for old in TO.glob("*.png"):
        old.unlink()
    for path in sorted(FROM.glob("*.png")):
        (TO / path.name).write_bytes(small(path))


if __name__ == "__main__":
    main()
