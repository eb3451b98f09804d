"""Whether the built pages belong to their sources: hashes of both.

`python -m web.stamp --write` after building, `--check` in every `make check`: it costs no Node. That the same sources
really give the same pages is seen by `make web-check`.
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
    """What the pages are built from, and the pages themselves."""
    found = {name: _hash([ROOT / name]) for name in FILES}
    return found | {name: _hash(sorted((ROOT / name).rglob("*"))) for name in (*SOURCES, BUILT)}


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        if file.is_file():
            content = file.read_bytes()
            total.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def main() -> None:
    """Write the stamp, or end with 1 where it is not true."""
    if sys.argv[1:] == ["--write"]:
        STAMP.write_text(json.dumps(stamp(), indent=2) + "\n")
        return
    now, then = stamp(), json.loads(STAMP.read_text())
    changed = [name for name in now | then if now.get(name) != then.get(name)]
    if changed:
        sys.exit(f"the built pages are not up to date ({', '.join(changed)}): run `make web`")


if __name__ == "__main__":
    main()
