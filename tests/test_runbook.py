"""The runbook: what it names exists, and its commands run against a running service."""

import ast
import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import typer
import yaml

from tests.support.processes import COMMAND, ServeProcess, environment, serving
from tests.support.servers import database_url
from tests.support.standalone import own_postgres
from tests.support.world import wait_for, wait_until
from wasgo_chat.cli import app
from wasgo_chat.observability.prometheus import metric_names
from wasgo_chat.settings.config import Settings

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src/wasgo_chat"
TEXT = (ROOT / "docs/runbook.md").read_text()
OPENAPI: dict[str, Any] = json.loads((ROOT / "docs/openapi.json").read_text())
MANIFESTS = [
    manifest
    for path in sorted((ROOT / "deploy/kubernetes").rglob("*.yaml"))
    for manifest in yaml.safe_load_all(path.read_text())
]

OTHER_NAMES = {
    "after_seq": "a parameter of the protocol",
    "cluster_state": "Redis",
    "max_connections": "PostgreSQL",
    "pg_promote": "PostgreSQL",
    "pg_stat_activity": "PostgreSQL",
    "pg_terminate_backend": "PostgreSQL",
    "pg_wal": "PostgreSQL",
}
"""Names in snake case that are no log event, metric or error code of the service."""

BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def fragments() -> Iterator[str]:
    """Every code block, and every code span outside of them in one line."""
    yield from BLOCK.findall(TEXT)
    for span in re.findall(r"`([^`]+)`", BLOCK.sub("", TEXT)):
        yield " ".join(span.replace("\\|", "|").split())


def words() -> set[str]:
    return {one for one in fragments() if re.fullmatch(r"[a-z]+(?:_[a-z]+)+", one)}


def log_events() -> set[str]:
    """The first argument of every call of `log`, and the event that a background task logs when it fails."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            is_log = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
            given = node.args[:1] if is_log and node.func.value.id == "log" else []  # type: ignore[attr-defined]  # checked above
            given += [one.value for one in node.keywords if one.arg == "failure"]
            found |= {one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def test_every_name_is_a_log_event_a_metric_or_an_error_code() -> None:
    codes = {name.removeprefix("problem_") for name in OPENAPI["components"]["examples"]}
    events, metrics = log_events(), metric_names()
    assert {"redis_unavailable", "consumer_failed"} <= words() & events
    assert words() - events - metrics - codes - OTHER_NAMES.keys() == set()
    assert set(re.findall(r"wasgo_chat_[a-z_]+", TEXT)) <= metrics | {"wasgo_chat_"}
    assert words() >= OTHER_NAMES.keys() - {"pg_promote"}


def test_every_setting_exists() -> None:
    known = {name.upper() for name in Settings.model_fields}
    named = {one for one in fragments() if re.fullmatch(r"[A-Z]+(?:_[A-Z]+)+", one)}
    named |= set(re.findall(r"WASGO_CHAT_\w+", TEXT))
    assert {"SHUTDOWN_S", "TRUSTED_PROXIES"} <= named
    assert {one.removeprefix("WASGO_CHAT_") for one in named} - known == set()


def test_every_alert_has_a_section_and_no_section_is_left_over() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    assert set(re.findall(r"^### (WasgoChat\w+)$", TEXT, re.MULTILINE)) == alerts
    assert set(re.findall(r"\bWasgoChat\w+", TEXT)) <= alerts


REMOTE = r"once \S+ '([^']*)'| -- (?:sh -c '([^']*)'|(.*))|docker compose exec [\w-]+ (.*)"


def cli_commands() -> list[tuple[str, ...]]:
    """The arguments of every `wasgo-chat` command, here and in a pod or container."""
    found = []
    for fragment in fragments():
        for line in fragment.replace("\\\n", " ").splitlines():
            command = line.split("  #")[0]
            # What runs elsewhere, and not the name of a namespace, deployment or image.
            remote = re.search(REMOTE, command)
            if remote:
                command = next(one for one in remote.groups() if one is not None)
            elif command.lstrip().startswith("kubectl"):
                continue
            for given in re.findall(r"(?:^|[(;&|] ?)wasgo-chat((?: [^|;&<>()]+)?)", command):
                if given.strip():
                    found.append(tuple(shlex.split(given)))
    return found


@pytest.mark.parametrize("arguments", sorted(set(cli_commands())), ids=" ".join)
def test_every_command_of_wasgo_chat_exists_with_its_options(arguments: tuple[str, ...]) -> None:
    found: Any = typer.main.get_command(app)
    rest = [one if one != "N" else "2" for one in arguments]
    while hasattr(found, "commands"):
        assert rest, f"{arguments} names no command"
        assert rest[0] in found.commands
        found = found.commands[rest.pop(0)]
    found.make_context("wasgo-chat", rest)  # raises for what the command does not take


def requests() -> set[tuple[str, str]]:
    """The method and path of every request."""
    found = set()
    for fragment in fragments():
        for line in fragment.splitlines():
            for path in re.findall(r"\$CHAT(/[\w./-]*)", line):
                method = re.search(r"-X (\w+)", line)
                found.add((method[1] if method else "GET", path))
        named = re.fullmatch(r"(GET|POST|PUT|DELETE) (/\S+)", fragment)
        if named:
            found.add((named[1], named[2]))
    return found


@pytest.mark.parametrize(("method", "target"), sorted(requests()))
def test_every_request_is_an_operation_of_the_api(method: str, target: str) -> None:
    if target in ("/openapi.json", "/"):  # the document itself; `$CHAT/…`
        return
    path, _, query = target.partition("?")
    operations = [
        operations[method.lower()]
        for template, operations in OPENAPI["paths"].items()
        if method.lower() in operations and re.fullmatch(re.sub(r"\{\w+\}", r"[\\w{}-]+", template), path)
    ]
    assert operations, f"{method} {path}"
    parameters = {one["name"] for one in operations[0].get("parameters", ())}
    assert {one.partition("=")[0] for one in query.split("&") if one} <= parameters


def test_the_names_of_kubernetes_and_compose_are_those_of_the_manifests() -> None:
    names = {(one["kind"], one["metadata"]["name"]) for one in MANIFESTS if "metadata" in one}
    kinds = {"deploy": "Deployment", "deployment": "Deployment", "job": "Job", "hpa": "HorizontalPodAutoscaler"}
    named = re.findall(r"\b(deployment|deploy|job|hpa)[/ ]+(wasgo-chat[\w-]*)", TEXT)
    assert {kind for kind, _ in named} == kinds.keys()
    assert {(kinds[kind], name) for kind, name in named} <= names
    namespace = yaml.safe_load((ROOT / "deploy/kubernetes/kustomization.yaml").read_text())["namespace"]
    assert set(re.findall(r"kubectl -n (\S+)", TEXT)) == {namespace}
    for folder in re.findall(r"kubectl apply -k\s+([\w/-]+)", TEXT):
        assert (ROOT / folder / "kustomization.yaml").exists()
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].keys()
    pattern = r"docker compose (?:logs|exec|stop|kill -s HUP|up -d --no-deps)((?:\s+(?:chat-[ab]|postgres|valkey))+)"
    composed = {name for given in re.findall(pattern, TEXT) for name in given.split()}
    assert {"chat-a", "postgres", "valkey"} <= composed <= services
    assert len(re.findall(pattern, TEXT)) == len(re.findall("docker compose [a-z]", TEXT))


def queries() -> list[str]:
    """The SQL of the runbook, without what changes or needs another server."""
    given = re.findall(r'psql "\$PG" -c "([^"]+)"', TEXT) + [one for one in fragments() if one.startswith("SELECT")]
    return [query for query in given if "NAME" not in query and query != "…"]


async def test_every_query_runs(database: str) -> None:
    assert len(queries()) >= 6
    connection = await asyncpg.connect(database_url(database))
    try:
        for query in queries():
            await connection.fetch(query)
    finally:
        await connection.close()


class Shell:
    """Runs commands of the runbook as they are, in a folder that has `service.log`."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder = folder
        self.env = env

    async def run(self, command: str) -> str:
        """The output of a command; fails if the command does, or the service refuses a request in it."""
        script = f'curl() {{ command curl --fail-with-body "$@"; }}\n{command}'
        shell = ["bash", "-e", "-o", "pipefail", "-c", script]
        run = partial(subprocess.run, cwd=self._folder, env=self.env, capture_output=True, text=True, timeout=60)
        done = await asyncio.to_thread(run, shell, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


def command(start: str) -> str:
    """The command of the runbook that starts so."""
    (found,) = {line.strip() for one in fragments() for line in one.splitlines() if line.strip().startswith(start)}
    return found


async def test_the_commands_run_against_a_running_service(tmp_path: Path) -> None:
    log, levels = tmp_path / "service.log", tmp_path / "levels"
    levels.write_text("")
    async with own_postgres(tmp_path, fsync="on", full_page_writes="on") as postgres:
        changes = {
            "DATABASE_URL": postgres.url("chat"),
            "ALLOW_UNSAFE_DATABASE": "false",
            "ALLOWED_ORIGINS": "https://shop.example.org",
            "STORAGE_DIR": str(tmp_path / "files"),
            "LOG_LEVELS_FILE": str(levels),
            "LOG_LEVEL": "INFO",
            "ERASURE_SETTLE_S": "1",
            "DRAIN_DELAY_S": "1",
        }
        env = environment("chat", **changes)
        await _walk(Shell(tmp_path, env), log, levels, changes)


async def _walk(shell: Shell, log: Path, levels: Path, changes: dict[str, str]) -> None:
    async with serving("chat", log, workers=2, **changes) as served:
        path = f"{COMMAND.parent}:{os.environ['PATH']}"
        shell.env |= {"CHAT": served.url, "PID": str(served.process.pid), "PATH": path}
        await _investigates(shell)
        await _reads_versions_and_counts(shell)
        await _erases(shell)
        await _signals(shell, served, log, levels)
        for given in ("wasgo-chat purge", "wasgo-chat consumers parked notifications"):
            await shell.run(command(given))
        await shell.run(command("wasgo-chat consumers retry notifications"))
        await _drains(shell, served)
    down = command("wasgo-chat migrate --down --revision")
    assert f"The database is at {down.split()[-1]}." in await shell.run(down)
    newest = sorted((ROOT / "migrations/versions").glob("*.py"))[-1].name[:4]
    assert f"The database is at {newest}." in await shell.run("wasgo-chat migrate")


async def _investigates(shell: Shell) -> None:
    """The four commands that every investigation starts with, each as it is."""
    commands = next(one for one in BLOCK.findall(TEXT) if "$CHAT/healthz" in one).splitlines()
    assert len(commands) == 4
    ready, alive, events, doctor = commands
    expected = json.loads(ready.split("#")[1])
    assert json.loads(await shell.run(ready)) == expected
    await shell.run(alive)
    await shell.run(events.replace("grep -E", "! grep -E"))  # a healthy service logs no warning
    assert "The schema is at migration" in await shell.run(doctor)


async def _reads_versions_and_counts(shell: Shell) -> None:
    version = command("curl -s $CHAT/openapi.json").partition(" |")[0]
    parser = next(one for one in fragments() if one.startswith("python3 -c 'import json"))
    assert (await shell.run(f"{version} | {parser}")).strip() == OPENAPI["info"]["version"]
    assert len(await shell.run(command('python3 -c "import secrets'))) > 32
    for user in ("ana", "bo"):
        shell.env["TOKEN"] = (await shell.run(f"wasgo-chat token --user {user}")).strip()
        counts = command("curl -s -o /dev/null -w '%{http_code}")
        assert (await shell.run(counts)).strip() == "200"
    busiest = next(one for one in fragments() if one.startswith('grep \'"event":"request"\''))
    if shutil.which("jq", path=shell.env["PATH"]):
        assert "ana" in await shell.run(busiest)


async def _erases(shell: Shell) -> None:
    """The block of the section, line by line; the last one until it reports the end."""
    block = next(one for one in BLOCK.findall(TEXT) if "erasure" in one and "SERVICE=" in one)
    token, export, erase, progress = block.splitlines()
    shell.env["SERVICE"] = (await shell.run(f"{token.split('  #')[0]}; echo $SERVICE")).strip()
    await shell.run(next(one for one in fragments() if one.endswith("/chat/users/ana/revoke/")))
    await shell.run(export)
    await shell.run(erase)

    async def is_done() -> bool:
        return bool(json.loads(await shell.run(progress))["state"] == "done")

    await wait_for(is_done, patience_s=30)


async def _signals(shell: Shell, served: ServeProcess, log: Path, levels: Path) -> None:
    await shell.run(f"echo wasgo_chat.gateway=DEBUG > {levels}")
    await shell.run(command("kill -USR2 $PID"))
    await wait_until(lambda: "log_levels_changed" in log.read_text())
    before = set(served.workers())
    await shell.run(command("kill -HUP $PID"))
    await wait_until(lambda: not before & set(served.workers()))
    await served.wait_ready()


async def _drains(shell: Shell, served: ServeProcess) -> None:
    await shell.run(command("kill -TERM $PID"))
    statuses = set()
    async with httpx.AsyncClient(base_url=served.url) as client:
        while served.process.poll() is None:
            try:
                statuses.add((await client.get("/readyz")).json()["status"])
            except httpx.TransportError:
                break
    assert "draining" in statuses
    assert await served.wait_exited() == 0
