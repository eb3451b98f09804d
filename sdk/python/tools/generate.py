"""Generates everything under src/wasgo_chat_client/generated from docs/openapi.json and docs/asyncapi.json.

Do not edit that folder by hand.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parent.parent
DOCUMENTS = PACKAGE.parent.parent / "docs"
TARGET = PACKAGE / "src" / "wasgo_chat_client" / "generated"
BIN = Path(sys.executable).parent


def main() -> None:
    """Replace the generated folder."""
    openapi = json.loads((DOCUMENTS / "openapi.json").read_text())
    asyncapi = json.loads((DOCUMENTS / "asyncapi.json").read_text())
    modules = {
        "__init__.py": '"""Generated from docs/openapi.json and docs/asyncapi.json: do not edit."""\n',
        "close_codes.py": _close_codes_module(asyncapi),
        "object_conversations.py": _object_conversations_module(openapi),
    }
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    for name, text in modules.items():
        (TARGET / name).write_text(text)
    config = PACKAGE / "tools" / "generator.yaml"
    _run("openapi-python-client", "generate", "--path", str(DOCUMENTS / "openapi.json"), "--config", str(config),
         "--meta", "none", "--output-path", str(TARGET / "rest"))  # fmt: skip
    schemas = asyncapi["components"]["schemas"]
    for schema in schemas.values():
        schema.pop("additionalProperties", None)  # closed TypedDicts need a newer Python than this package supports
    definitions = json.loads(json.dumps(schemas).replace("#/components/schemas/", "#/$defs/"))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "frames.json"
        source.write_text(json.dumps({"$defs": definitions, **definitions["ServerFrame"], "title": "Frame"}))
        _run("datamodel-codegen", "--input", str(source), "--input-file-type", "jsonschema", "--output",
             str(TARGET / "frames.py"), "--output-model-type", "typing.TypedDict", "--target-python-version", "3.11",
             "--disable-timestamp", "--use-union-operator", "--use-standard-collections", "--formatters", "builtin",
             "--enum-field-as-literal", "all")  # fmt: skip
    subprocess.run([BIN / "ruff", "format", "--quiet", "--isolated", "--line-length", "120", TARGET], check=True)


def _close_codes_module(asyncapi: dict[str, Any]) -> str:
    actions: dict[str, str] = asyncapi.get("x-close-code-actions", {})
    if not actions:
        sys.exit("docs/asyncapi.json has no `x-close-code-actions`: run `make docs`, then `make sdk` again")
    missing = asyncapi.get("x-close-codes", {}).keys() - actions.keys()
    if missing:
        sys.exit(f"`x-close-code-actions` in docs/asyncapi.json has no action for {', '.join(sorted(missing))}")
    literals = ", ".join(json.dumps(action) for action in sorted(set(actions.values())))
    rows = "".join(f"{code}: {json.dumps(action)},\n" for code, action in actions.items())
    return f'''"""Generated from docs/asyncapi.json by tools/generate.py: do not edit."""

from collections.abc import Mapping
from typing import Literal

CloseCodeAction = Literal[{literals}]
"""What a client does after the service closes a connection.

`wait`: reconnect after the seconds at the end of the reason.
"""

CLOSE_CODE_ACTIONS: Mapping[int, CloseCodeAction] = {{
{rows}}}
'''


def _object_conversations_module(openapi: dict[str, Any]) -> str:
    found = (
        re.fullmatch(r"put_(\w+)_conversation", methods["put"]["operationId"])
        for methods in openapi["paths"].values()
        if "integrations" in methods.get("put", {}).get("tags", ())
    )
    types = [match[1] for match in found if match]
    if not types:
        sys.exit("docs/openapi.json has no operation `put_<object type>_conversation` with the tag `integrations`")
    imports = "".join(f"    put_{one}_conversation,\n" for one in sorted(types))
    rows = "".join(f"{json.dumps(one)}: put_{one}_conversation,\n" for one in types)
    return f'''"""Generated from docs/openapi.json by tools/generate.py: do not edit."""

from collections.abc import Mapping
from types import ModuleType

from .rest.api.integrations import (
{imports})

OBJECT_CONVERSATION_OPERATIONS: Mapping[str, ModuleType] = {{
{rows}}}
"""The operation that gets or creates the conversation of an object, by the type of the object."""
'''


def _run(tool: str, *arguments: str) -> None:
    done = subprocess.run([BIN / tool, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{tool}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
