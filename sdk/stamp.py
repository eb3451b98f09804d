"""Whether the generated clients belong to the documents: hashes of both, and of what generates them.

`python -m sdk.stamp --write` after generating, `--check` in every `make check`: it costs no generator. That the same
documents really give the same code is seen by `make sdk-check`.
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
    """What the generated code depends on, and the code itself."""
    found = {name: _hash([SDK.parent / name]) for name in DOCUMENTS}
    found |= {name: _hash([SDK / name]) for name in SCRIPTS}
    found |= {name: _hash(sorted((SDK / name).rglob("*.[pt][sy]"))) for name in GENERATED}
    packages = json.loads((SDK / "typescript/package-lock.json").read_text())["packages"]
    found |= {name: packages[f"node_modules/{name}"]["version"] for name in NPM_TOOLS}
    requirements = (SDK / "python/requirements.txt").read_text()
    versions: dict[str, str] = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", requirements, re.MULTILINE))
    return found | {name: versions[name] for name in PYTHON_TOOLS}


def _hash(files: list[Path]) -> str:
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(SDK.parent)} {len(content)}\n".encode() + content)
    return total.hexdigest()


def main() -> None:
    """Write the stamp, or end with 1 where it is not true."""
    if sys.argv[1:] == ["--write"]:
        STAMP.write_text(json.dumps(stamp(), indent=2) + "\n")
        return
    now, then = stamp(), json.loads(STAMP.read_text())
    changed = [name for name in now | then if now.get(name) != then.get(name)]
    if changed:
        sys.exit(f"the generated clients are not up to date ({', '.join(changed)}): run `make sdk`")


if __name__ == "__main__":
    main()
