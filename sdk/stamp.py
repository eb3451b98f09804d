"""Checks that the generated clients match the documents, by the hashes of both and of the generators.

Run `python -m sdk.stamp --write` after generating. `make check` runs `--check`, which needs no generator. `make
sdk-check` runs the generators and checks that they reproduce the committed code.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

SDK = Path(__file__).parent
STAMP = SDK / "generated.json"
DOCUMENTS = ("docs/openapi.json", "docs/asyncapi.json")
GENERATED = ("typescript/src/generated", "python/src/wasgo_chat_client/generated")
SCRIPTS = ("typescript/tools/generate.mjs", "python/tools/generate.py", "python/tools/generator.yaml")
NPM_TOOLS = ("@hey-api/openapi-ts", "json-schema-to-typescript")
PYTHON_TOOLS = ("openapi-python-client", "datamodel-code-generator", "ruff")


def stamp() -> dict[str, str]:
    """The hashes of the documents, generators and generated code, and the versions of the tools."""
    hashes = {name: _hash([SDK.parent / name]) for name in DOCUMENTS}
    hashes |= {name: _hash([SDK / name]) for name in SCRIPTS}
    hashes |= {name: _hash(sorted((SDK / name).rglob("*.[pt][sy]"))) for name in GENERATED}
    packages = json.loads((SDK / "typescript/package-lock.json").read_text())["packages"]
    npm_versions = {name: packages[f"node_modules/{name}"]["version"] for name in NPM_TOOLS}
    requirements = (SDK / "python/requirements.txt").read_text()
    pinned: dict[str, str] = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", requirements, re.MULTILINE))
    return hashes | npm_versions | {name: pinned[name] for name in PYTHON_TOOLS}


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(SDK.parent)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def main() -> None:
    """Write the stamp, or exit with status 1 if it is out of date."""
    if sys.argv[1:] == ["--write"]:
        STAMP.write_text(json.dumps(stamp(), indent=2) + "\n")
        return
    current, recorded = stamp(), json.loads(STAMP.read_text())
    changed = [name for name in current | recorded if current.get(name) != recorded.get(name)]
    if changed:
        sys.exit(f"the generated clients are out of date ({', '.join(changed)}): run `make sdk`")


if __name__ == "__main__":
    main()
