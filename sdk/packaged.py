"""Tests the packages: builds both, installs each into an empty project, and runs the documented examples there.

`python -m sdk.packaged`. The examples use the service of the conformance harness. Needs `make sdk-setup`.
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
TIMEOUT_S = 300

SETTINGS = """
SECRET_KEY = "for tests only"
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
print("same conversation" if first and first == bid.conversation_id else "different conversations")
"""


def main() -> None:
    """Test both packages. Exits with status 1 if an example does not run as documented."""
    with tempfile.TemporaryDirectory(prefix="wasgo-chat-packages-") as name, _harness() as urls:
        environment = _environment(urls)
        _test_typescript(Path(name) / "typescript", environment)
        _test_python(Path(name) / "python", environment)


def _test_typescript(folder: Path, environment: dict[str, str]) -> None:
    folder.mkdir()
    _run(["npm", "run", "--silent", "build"], TYPESCRIPT)
    packed = _run(["npm", "pack", "--silent", "--pack-destination", str(folder)], TYPESCRIPT).strip().splitlines()[-1]
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    versions = json.loads((TYPESCRIPT / "package.json").read_text())["devDependencies"]
    websocket = [f"{name}@{versions[name]}" for name in ("ws", "@types/ws")]
    _run(["npm", "install", "--silent", "--ignore-scripts", "--no-audit", f"./{packed}", *websocket], folder)
    example = _blocks(TYPESCRIPT / "README.md", "js")[0]
    (folder / "example.js").write_text(example)
    _expect(_run(["node", "example.js"], folder, environment), "stored as", "conversations without unread messages")
    process_type = "declare const process: { env: Record<string, string> };\n"
    (folder / "example.ts").write_text(process_type + example.replace("data.results", "data!.results"))
    options = {"noEmit": True, "strict": True, "skipLibCheck": False, "module": "nodenext", "target": "es2022"}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**options, "types": []}}))
    _run([str(TYPESCRIPT / "node_modules/.bin/tsc"), "-p", "."], folder)
    _test_commonjs(folder)
    print("@wasgo/chat: built and installed, and its example runs")


def _test_commonjs(folder: Path) -> None:
    """A CommonJS project, such as one with Jest: `require` and the types work with each way to resolve modules."""
    project = folder / "commonjs"
    project.mkdir()
    (project / "package.json").write_text('{"private": true}')
    (project / "use.ts").write_text(
        'import { Chat, ChatError } from "@wasgo/chat";\n'
        'import { listConversations } from "@wasgo/chat/rest";\n'
        'const chat = new Chat({ url: "http://127.0.0.1:9", token: () => "" });\n'
        "const { status } = chat.inbox.state; // reading the state opens no connection\n"
        "console.log(status, typeof listConversations, new ChatError('code', '').code);\n"
    )
    tsc = str(TYPESCRIPT / "node_modules/.bin/tsc")
    for module, resolution in (("commonjs", "node10"), ("node16", "node16"), ("esnext", "bundler")):
        options = {"strict": True, "module": module, "moduleResolution": resolution, "target": "es2022", "types": []}
        (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**options, "lib": ["es2022", "dom"]}}))
        _run([tsc, "-p", "."], project)
        if resolution != "bundler":
            _expect(_run(["node", "use.js"], project), "loading function code")
    (project / "use.test.js").write_text(
        'const { Chat } = require("@wasgo/chat");\n'
        'const { listConversations } = require("@wasgo/chat/rest");\n'
        'test("the client can be used in Jest", () => {\n'
        '  const chat = new Chat({ url: "http://127.0.0.1:9", token: () => "" });\n'
        '  expect(chat.conversation("a").state.status).toBe("loading");\n'
        '  expect(typeof listConversations).toBe("function");\n'
        "});\n"
    )
    _run([str(TYPESCRIPT / "node_modules/.bin/jest"), "--rootDir", str(project), "--watchman=false"], project)


def _test_python(folder: Path, environment: dict[str, str]) -> None:
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
    _expect(_run([str(python), "-c", BID], folder, django), "same conversation")
    print("wasgo-chat-client: built and installed, and its examples and the Django recipe run")


def _environment(urls: dict[str, str]) -> dict[str, str]:
    service = _request(f"{urls['control']}/token", {"service": "platform"})["token"]
    user = _request(f"{urls['control']}/token", {"user": "ana"})["token"]
    body = {"participants": [{"user_id": "ana", "role": "admin"}]}
    conversation = _request(f"{urls['url']}/jobs/example/conversation/", body, token=service, method="PUT")
    return {
        "CHAT_URL": urls["url"],
        "CHAT_SERVICE_TOKEN": service,
        "CHAT_TOKEN": user,
        "CHAT_ID": conversation["id"],
    }


@contextmanager
def _harness() -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "sdk.conformance.harness"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(TIMEOUT_S)


def _blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)


def _pinned(name: str) -> list[str]:
    """The requirement of a package at the version that the SDK's lock file pins."""
    return re.findall(rf"^{name}==[^ ]+", (PYTHON / "requirements.txt").read_text(), re.MULTILINE)


def _run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    merged = {**os.environ, **(environment or {})}
    result = subprocess.run(
        command, cwd=folder, env=merged, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)[:200]}\n{result.stdout}{result.stderr}")
    return result.stdout


def _expect(output: str, *expected: str) -> None:
    for text in expected:
        if text not in output:
            sys.exit(f"the output of an example does not contain {text!r}:\n{output}")


def _request(url: str, body: dict[str, Any], *, token: str | None = None, method: str = "POST") -> Any:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  loopback
        return json.load(response)


if __name__ == "__main__":
    main()
