"""Builds both packages, installs each into an empty project, and runs the examples of the documents from there.

`python -m sdk.packaged`; the service is the stage of the conformance kit. Needs `make sdk-setup`.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TYPESCRIPT, PYTHON = ROOT / "sdk/typescript", ROOT / "sdk/python"
UV = ROOT / ".venv/bin/uv"
PATIENCE_S = 300

SETTINGS = """
SECRET_KEY = "of a test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "bids"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""
BID = """
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
call_command("migrate", run_syncdb=True, verbosity=0)
from bids.chat import open_conversation
from bids.models import Bid
with transaction.atomic():
    owner, bidder = (User.objects.create(username=name) for name in ("ana", "bo"))
    bid = Bid.objects.create(owner=owner, bidder=bidder, title="Paint the fence", amount=80)
    assert bid.conversation_id is None
bid.refresh_from_db()
first = bid.conversation_id
open_conversation(bid.id)
bid.refresh_from_db()
print("one conversation" if first and first == bid.conversation_id else "another conversation")
"""


def main() -> None:
    """Build, install, run; ends with 1 where something is not as the documents say."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-packages-") as name, _stage() as stage:
        environment = _environment(stage)
        _typescript(Path(name) / "typescript", environment)
        _python(Path(name) / "python", environment)


def _typescript(folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir()
    _run(["npm", "run", "--silent", "build"], TYPESCRIPT)
    packed = _run(["npm", "pack", "--silent", "--pack-destination", str(folder)], TYPESCRIPT).strip().splitlines()[-1]
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    versions = json.loads((TYPESCRIPT / "package.json").read_text())["devDependencies"]
    others = [f"{name}@{versions[name]}" for name in ("ws", "@types/ws")]
    _run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", f"./{packed}", *others], folder)
    example = _blocks(TYPESCRIPT / "README.md", "js")[0]
    (folder / "example.js").write_text(example)
    _expect(_run(["node", "example.js"], folder, environment), "stored as", "conversations without news")
    environment_type = "declare const process: { env: Record<string, string> };\n"
    (folder / "example.ts").write_text(environment_type + example.replace("data.results", "data!.results"))
    options = {"noEmit": True, "strict": True, "skipLibCheck": False, "module": "nodenext", "target": "es2022"}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**options, "types": []}}))
    _run([str(TYPESCRIPT / "node_modules/.bin/tsc"), "-p", "."], folder)
    print("@wasgo/chat: built, installed, its example ran")


def _python(folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir()
    _run([str(PYTHON / ".venv/bin/python"), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], PYTHON)
    _run([sys.executable, "-m", "venv", "--without-pip", "venv"], folder)
    python = folder / "venv/bin/python"
    wheel = next(folder.glob("*.whl"))
    _run([str(UV), "pip", "install", "--quiet", "--python", str(python), str(wheel), *_pinned("django")], folder)
    platform, chat = _blocks(PYTHON / "README.md", "python")
    _expect(_run([str(python), "-W", "error", "-c", platform], folder, environment), "Paint the fence 2")
    _expect(_run([str(python), "-W", "error", "-c", chat], folder, environment), "stored as")
    settings, helpers, models = _blocks(ROOT / "docs/recipes/django.md", "python")
    (folder / "bids").mkdir()
    (folder / "bids/__init__.py").touch()
    (folder / "settings.py").write_text(settings + SETTINGS)
    (folder / "bids/chat.py").write_text(helpers)
    (folder / "bids/models.py").write_text(models)
    django = {**environment, "DJANGO_SETTINGS_MODULE": "settings"}
    _expect(_run([str(python), "-c", BID], folder, django), "one conversation")
    print("wasgo-chat-client: built, installed, its examples and the Django recipe ran")


def _environment(stage: dict[str, str]) -> dict[str, str]:
    service = _ask(f"{stage['door']}/token", {"service": "platform"})["token"]
    user = _ask(f"{stage['door']}/token", {"user": "ana"})["token"]
    body = {"participants": [{"user_id": "ana", "role": "admin"}]}
    chat = _ask(f"{stage['url']}/jobs/example/conversation/", body, token=service, method="PUT")
    return {
        "CHAT_URL": stage["url"],
        "CHAT_SERVICE_TOKEN": service,
        "CHAT_TOKEN": user,
        "CHAT_ID": chat["id"],
    }


@contextmanager
def _stage() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "sdk.conformance.stage"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(PATIENCE_S)


def _blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


def _pinned(name: str) -> list[str]:
    """A package as the lock file of the SDK has it."""
    return re.findall(rf"^{name}==[^ ]+", (PYTHON / "requirements.txt").read_text(), re.MULTILINE)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    given = {**os.environ, **(environment or {})}
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}\n{done.stdout}{done.stderr}")
    return done.stdout


def _expect(shown: str, *words: str) -> None:
    for one in words:
        if one not in shown:
            sys.exit(f"an example should have said {one!r}, but said:\n{shown}")


def _ask(url: str, body: dict[str, Any], *, token: str | None = None, method: str = "POST") -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  loopback
        return json.load(response)


if __name__ == "__main__":
    main()
