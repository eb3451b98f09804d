"""The command line: its output, its errors, and a `dev` that survives kill -9."""

import asyncio
import os
import re
import signal
from pathlib import Path

import asyncpg
import httpx
import jwt
import pytest

from tests.support.command_line import run
from tests.support.processes import COMMAND, environment
from tests.support.servers import database_url
from tests.support.workers import SECRET
from wasgo_chat.development.embedded import free_port
from wasgo_chat.settings.config import DEVELOPMENT_SECRET


@pytest.mark.parametrize(
    "command", ["dev", "serve", "migrate", "purge", "seed", "import", "token", "openapi", "asyncapi", "settings"]
)
def test_every_command_explains_itself(command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert len(shown.stdout.splitlines()) > 5


def test_a_token_is_printed_bare_and_signed_with_the_development_key() -> None:
    shown = run("token", "--user", "ana", "--username", "Ana", "--ttl", "60", "--staff")
    assert shown.returncode == 0
    claims = jwt.decode(shown.stdout.strip(), DEVELOPMENT_SECRET, ["HS256"], audience="wasgo-chat", issuer="wasgo")
    assert (claims["sub"], claims["username"], claims["staff"]) == ("ana", "Ana", True)
    assert 59 <= claims["exp"] - claims["iat"] <= 60


def test_a_service_token_has_its_scopes_and_the_secret_of_the_environment(database: str) -> None:
    shown = run("token", "--service", "jobs", "--scope", "chat:provision,chat:act_as", env=environment(database))
    claims = jwt.decode(shown.stdout.strip(), SECRET, ["HS256"], audience="wasgo-chat-services", issuer="wasgo")
    assert (claims["sub"], claims["scope"]) == ("jobs", "chat:provision chat:act_as")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--user", "a", "--service", "b"),
        ("--service", "b", "--scope", "chat:everything"),
        ("--user", "a", "--ttl", "0"),
    ],
)
def test_an_impossible_token_is_rejected(arguments: tuple[str, ...]) -> None:
    shown = run("token", *arguments)
    assert shown.returncode == 2
    assert "Traceback" not in shown.stderr


REFUSALS = {
    "no database": ({"DATABASE_URL": ""}, "WASGO_CHAT_DATABASE_URL is not set"),
    "no key": ({"JWT_SECRET": ""}, "Set exactly one of WASGO_CHAT_JWT_SECRET"),
    "two keys": ({"JWKS_URL": "https://id.example/keys"}, "Set exactly one of WASGO_CHAT_JWT_SECRET"),
    "short secret": ({"JWT_SECRET": "short"}, "WASGO_CHAT_JWT_SECRET is shorter than 32 bytes"),
    "development key": ({"JWT_SECRET": DEVELOPMENT_SECRET}, "is the public development key"),
    "no hash key": ({"JWT_SECRET": "", "JWKS_URL": "https://id.example/keys"}, "WASGO_CHAT_SECRET_KEY is not set"),
    "not a key": (
        {"JWT_SECRET": "", "JWT_PUBLIC_KEY": "nonsense", "SECRET_KEY": "k" * 40},
        "WASGO_CHAT_JWT_PUBLIC_KEY",
    ),
    "no such database": ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "does not respond"),
    "not a number": ({"MAX_PARTICIPANTS": "many"}, "WASGO_CHAT_MAX_PARTICIPANTS"),
    "no redis": ({"REDIS_URL": ""}, "WASGO_CHAT_REDIS_URL is not set"),
}


@pytest.mark.parametrize(("changes", "sentence"), REFUSALS.values(), ids=REFUSALS.keys())
def test_serve_rejects_missing_or_unsafe_settings_and_says_what_to_set(
    database: str, changes: dict[str, str], sentence: str
) -> None:
    shown = run("serve", "--workers", "2", "--port", str(free_port()), env=environment(database, **changes))
    assert shown.returncode == 2
    assert sentence in shown.stderr
    assert "Traceback" not in shown.stderr


def test_serve_rejects_a_database_without_tables(database: str) -> None:
    bare = environment("postgres")
    shown = run("serve", "--port", str(free_port()), env=bare)
    assert shown.returncode == 2
    assert "wasgo-chat migrate" in shown.stderr


def test_serve_rejects_a_database_that_is_not_durable(database: str) -> None:
    careless = environment(database, ALLOW_UNSAFE_DATABASE="false")
    shown = run("serve", "--port", str(free_port()), env=careless)
    assert shown.returncode == 2
    assert "turn fsync and full_page_writes on" in shown.stderr


async def test_serve_notices_a_role_that_switched_durability_off(database: str) -> None:
    admin = await asyncpg.connect(database_url(database))
    try:
        await admin.execute("CREATE ROLE careless LOGIN SUPERUSER")
        await admin.execute("ALTER ROLE careless SET synchronous_commit = off")
        url = database_url(database).replace("postgres@", "careless@")
        careless = environment(database, DATABASE_URL=url, ALLOW_UNSAFE_DATABASE="false")
        shown = await asyncio.to_thread(run, "serve", "--port", str(free_port()), env=careless)
        assert shown.returncode == 2
        assert "turn fsync and full_page_writes and synchronous_commit on" in shown.stderr
    finally:
        await admin.execute("DROP ROLE careless")
        await admin.close()


HISTORY = '{"kind":"user","id":"ana","username":"ana"}\n'
WORK = {
    "migrate": ("migrate",),
    "migrate down": ("migrate", "--down", "--revision", "base"),
    "purge": ("purge",),
    "purge, counting": ("purge", "--dry-run"),
    "seed": ("seed", "--conversations", "1", "--messages", "1"),
    "import": ("import", "FILE"),
    "import, trying": ("import", "--dry-run", "FILE"),
}


@pytest.mark.parametrize("work", WORK)
def test_without_a_database_every_command_says_so_in_one_sentence(database: str, tmp_path: Path, work: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(HISTORY)
    env = environment(database, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none", RETENTION_DAYS="support=30")
    shown = run(*(str(file) if word == "FILE" else word for word in WORK[work]), env=env)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert shown.stderr.splitlines()[-1] == (
        "wasgo-chat: The database does not respond. Check the address in WASGO_CHAT_DATABASE_URL, that the server is "
        "running, and firewalls."
    )
    assert "Traceback" not in shown.stderr


UNFIT = {
    "no tables": (
        "postgres",
        "wasgo-chat: The database schema is out of date: run `wasgo-chat migrate` first.",
    ),
    "no such database": ("nowhere", "wasgo-chat: The database does not exist. Run CREATE DATABASE"),
}


@pytest.mark.parametrize("why", UNFIT)
@pytest.mark.parametrize("work", ["purge", "purge, counting", "seed", "import"])
def test_a_foreign_database_is_reported_in_one_sentence(database: str, tmp_path: Path, work: str, why: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(HISTORY)
    name, sentence = UNFIT[why]
    words = (str(file) if word == "FILE" else word for word in WORK[work])
    shown = run(*words, env=environment(name, RETENTION_DAYS="support=30"))
    assert shown.returncode == 1
    assert shown.stderr.splitlines()[-1].startswith(sentence)
    assert "Traceback" not in shown.stderr


async def test_dev_survives_kill_9_and_loses_and_leaves_nothing(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "private" / "data"
    data.parent.mkdir(mode=0o700)
    process, shown = await start_dev(port, data)
    conversation, bearer = re.findall(r"conversation\s+(\S+)", shown)[0], re.findall(r"ana\s+(ey\S+)", shown)[0]
    url, headers = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {bearer}"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        body = {"conversation": conversation, "content": "remember me", "client_id": "kept"}
        assert (await client.post("/chat/messages/", json=body)).status_code == 201
    postgres = server_processes(data)
    assert postgres
    process.kill()
    await process.wait()

    process, again = await start_dev(port, data)
    assert conversation in again
    assert not set(postgres) & set(server_processes(data)), "the first PostgreSQL still runs"
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        page = (await client.get("/chat/messages/", params={"conversation": conversation})).json()
        assert page["results"][0]["content"] == "remember me"
    second = await asyncio.to_thread(run, "dev", "--port", str(free_port()), "--data", str(data))
    assert second.returncode == 2
    assert "Another `wasgo-chat dev` is using" in second.stderr

    process.send_signal(signal.SIGINT)
    await process.wait()
    assert server_processes(data) == []


def test_dev_listens_on_loopback_only(tmp_path: Path) -> None:
    shown = run("dev", "--host", "0.0.0.0", "--data", str(tmp_path / "data"))
    assert shown.returncode == 2
    assert "loopback only" in shown.stderr


async def start_dev(port: int, data: Path) -> tuple[asyncio.subprocess.Process, str]:
    """A running `dev`, and its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    process = await asyncio.create_subprocess_exec(
        COMMAND, "dev", "--port", str(port), "--data", str(data), env=clean,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    shown = (await asyncio.wait_for(process.stdout.readuntil(b"All data is kept."), 60)).decode()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(30):
        while True:
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return process, shown
            except httpx.TransportError:
                await asyncio.sleep(0.05)


def server_processes(data: Path) -> list[int]:
    """The PostgreSQL servers that use a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            continue
        if words[0].endswith(b"/postgres") and str(data / "postgres").encode() in words:
            found.append(int(entry.name))
    return found
