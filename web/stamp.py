"""Checks that the built pages match their sources, by hashes of both.

`python -m web.stamp --write` runs after a build, `--check` in every `make check`; neither needs Node. `make web-check`
builds the pages again and compares the output.
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
STAMP = ROOT / "web/built.json"
SOURCES = ("web/public", "web/src", "sdk/typescript/src")
FILES = ("web/index.html", "web/operator.html", "web/package-lock.json", "web/tsconfig.json", "web/vite.config.ts")
BUILT = "src/wasgo_chat/web"


def stamp() -> dict[str, str]:
    """The hashes of the sources and of the built pages, by path."""
    hashes = {name: _hash([ROOT / name]) for name in FILES}
    return hashes | {name: _hash(sorted((ROOT / name).rglob("*"))) for name in (*SOURCES, BUILT)}


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        if file.is_file():
            content = file.read_bytes()
            total.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def main() -> None:
    """Write the stamp, or exit with 1 if it is out of date."""
    if sys.argv[1:] == ["--write"]:
        STAMP.write_text(json.dumps(stamp(), indent=2) + "\n")
        return
    current, stored = stamp(), json.loads(STAMP.read_text())
    changed = [name for name in current | stored if current.get(name) != stored.get(name)]
    if changed:
        sys.exit(f"the built pages are not up to date ({', '.join(changed)}): run `make web`")


if __name__ == "__main__":
    main()
