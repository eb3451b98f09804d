"""Makes the pictures of `make screenshots` small enough for the repository: a palette each, at most 150 KB.

Every state, light and dark and at both widths, lies in `build/screenshots/` for eyes. `docs/images/` gets all of the
chat's, and of the operator's page only those of `OF_THE_OPERATOR`: each of its views once, and what differs on a phone
or at night.
"""

import io
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
FROM = ROOT / "build/screenshots"
TO = ROOT / "docs/images"
MOST_BYTES = 150 * 1024
COLOURS = (256, 160, 96, 64)
OF_THE_OPERATOR = (
    "desktop-messages-light",
    "desktop-versions-light",
    "desktop-members-dark",
    "desktop-letters-light",
    "desktop-figures-light",
    "desktop-figures-dark",
    "phone-list-light",
    "phone-versions-dark",
)


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
        if not path.stem.startswith("operator-") or path.stem.removeprefix("operator-") in OF_THE_OPERATOR:
            (TO / path.name).write_bytes(small(path))


if __name__ == "__main__":
    main()
