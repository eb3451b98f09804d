"""Writes everything under src/wasgo_chat_client/generated from the two documents. Nothing there is edited by hand."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent.parent
DOCUMENTS = HERE.parent.parent / "docs"
TARGET = HERE / "src" / "wasgo_chat_client" / "generated"
BIN = Path(sys.executable).parent


def main() -> None:
    """Generate anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    (TARGET / "__init__.py").write_text('"""Generated from docs/openapi.json and docs/asyncapi.json: do not edit."""\n')
    _run("openapi-python-client", "generate", "--path", str(DOCUMENTS / "openapi.json"), "--config",
         str(HERE / "tools" / "generator.yaml"), "--meta", "none", "--output-path", str(TARGET / "rest"))  # fmt: skip
    schemas = json.loads((DOCUMENTS / "asyncapi.json").read_text())["components"]["schemas"]
    for schema in schemas.values():
        schema.pop("additionalProperties", None)  # closed types are younger than the Python this is for
    definitions = json.loads(json.dumps(schemas).replace("#/components/schemas/", "#/$defs/"))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "frames.json"
        source.write_text(json.dumps({"$defs": definitions, **definitions["ServerFrame"], "title": "Frame"}))
        _run("datamodel-codegen", "--input", str(source), "--input-file-type", "jsonschema", "--output",
             str(TARGET / "frames.py"), "--output-model-type", "typing.TypedDict", "--target-python-version", "3.11",
             "--disable-timestamp", "--use-union-operator", "--use-standard-collections", "--formatters", "builtin",
             "--enum-field-as-literal", "all")  # fmt: skip
    subprocess.run([BIN / "ruff", "format", "--quiet", "--isolated", "--line-length", "120", TARGET], check=True)


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run([BIN / tool, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tool}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
