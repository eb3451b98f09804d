"""Wrong arguments and settings: each is reported in one sentence that names it, and never as a traceback."""

from pathlib import Path

import jwt
import pytest

from tests.support.command_line import error_message, run
from tests.support.processes import environment
from tests.support.servers import create_database, database_url
from wasgo_chat.database import migrations


async def test_migrate_names_the_actual_revision_of_the_database(database: str) -> None:
    name = f"{database}_places"
    await create_database(database_url("postgres"), name)
    env, newest = environment(name), migrations.head_revision()
    assert run("migrate", "--revision", "0004", env=env).stdout == "The database is at 0004.\n"
    assert run("migrate", env=env).stdout == f"The database is at {newest}.\n"
    for older in ("0001", "base"):
        shown = run("migrate", "--revision", older, env=env)
        assert (shown.returncode, shown.stdout) == (1, f"The database is at {newest}.\n")
        assert f"{older} is older: add --down to downgrade to it" in error_message(shown)
    assert run("migrate", "--down", "--revision", "0004", env=env).stdout == "The database is at 0004.\n"
    assert "0006 is not a valid downgrade target" in error_message(
        run("migrate", "--down", "--revision", "0006", env=env)
    )
    assert run("migrate", "--down", "--revision", "base", env=env).stdout == "The database is at base.\n"


WRONG = {
    "no such revision": (("migrate", "--revision", "9999"), "9999"),
    "down to where": (("migrate", "--down"), "--down requires --revision"),
    "openapi to nowhere": (("openapi", "--write", "/nonexist/x"), "/nonexist/x cannot be written"),
    "asyncapi to nowhere": (("asyncapi", "--write", "/nonexist/x"), "/nonexist/x cannot be written"),
    "openapi against a folder": (("openapi", "--check", "/tmp"), "/tmp cannot be read"),
    "a table of nothing": (("settings", "--check", "/nonexist/x"), "/nonexist/x cannot be read"),
    "a table into nothing": (("settings", "--write", "/nonexist/x"), "/nonexist/x cannot be read"),
    "dev in a file": (("dev", "--data", "pyproject.toml"), "--data pyproject.toml cannot be used as a directory"),
    "rejects nowhere": (("import", "FILE", "--rejects", "/nonexist/r"), "/nonexist/r cannot be written"),
    "rejects in a folder": (("import", "FILE", "--rejects", "/tmp"), "/tmp cannot be written"),
    "a token for an empty user": (("token", "--user", ""), "--user must have 1 to 128 characters"),
    "a token for a long name": (("token", "--user", "u" * 200), "--user must have 1 to 128 characters"),
    "a token for what is no text": (("token", "--user", "a\tb"), "--user must have 1 to 128 characters"),
    "a token of no service": (("token", "--service", ""), "--service must have 1 to 128 characters"),
}


@pytest.mark.parametrize("why", WRONG)
def test_wrong_arguments_are_reported_in_one_sentence(database: str, tmp_path: Path, why: str) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text('{"kind":"user","id":"ana","username":"ana"}\n')
    words, sentence = WRONG[why]
    shown = run(*(str(file) if word == "FILE" else word for word in words), env=environment(database))
    assert sentence in error_message(shown)


UNSET = {
    "another database": (
        {"DATABASE_URL": "mysql://x:hidden@h/n"},
        "WASGO_CHAT_DATABASE_URL: it is not a PostgreSQL URL",
    ),
    "garbage": ({"DATABASE_URL": "garbage"}, "WASGO_CHAT_DATABASE_URL: it is not a PostgreSQL URL"),
    "a mode": (
        {"DATABASE_URL": "postgresql://h/n?sslmode=on"},
        "WASGO_CHAT_DATABASE_URL: the parameter sslmode must be",
    ),
    "a standby": (
        {"REPLICA_URLS": "postgresql://a/n postgresql://b/n?color=red"},
        "WASGO_CHAT_REPLICA_URLS (2): the parameter color is not supported",
    ),
    "a type": ({"RETENTION_DAYS": "foo=3"}, "WASGO_CHAT_RETENTION_DAYS (foo): Input should be 'direct', 'job'"),
    "days": ({"RETENTION_DAYS": "support=x"}, "WASGO_CHAT_RETENTION_DAYS (support): Input should be a valid integer"),
    "a proxy": ({"TRUSTED_PROXIES": "10.0.0.1,*"}, "WASGO_CHAT_TRUSTED_PROXIES (2): '*' does not appear to be an IPv4"),
}


@pytest.mark.parametrize("why", UNSET)
def test_wrong_settings_are_reported_by_name(database: str, why: str) -> None:
    changes, sentence = UNSET[why]
    shown = error_message(run("doctor", env=environment(database, **changes)))
    assert sentence in shown
    assert "hidden" not in shown


@pytest.mark.parametrize("command", ["serve", "migrate", "purge", "seed", "import FILE", "token --user a"])
def test_every_command_reports_an_unusable_url(database: str, tmp_path: Path, command: str) -> None:
    file = tmp_path / "history.jsonl"
    file.touch()
    env = environment(database, DATABASE_URL="postgresql://h/n?sslmode=verify-full&sslrootcert=/nonexist/ca.pem")
    shown = error_message(run(*command.replace("FILE", str(file)).split(), env=env))
    assert "WASGO_CHAT_DATABASE_URL: the file of sslrootcert cannot be used: /nonexist/ca.pem (No such file" in shown


def test_no_token_is_signed_with_a_key_that_the_service_rejects(database: str) -> None:
    assert "WASGO_CHAT_JWT_SECRET is shorter than 32 bytes" in error_message(
        run("token", "--user", "ana", env=environment(database, JWT_SECRET="short"))
    )
    longest = run("token", "--user", "u" * 128, env=environment(database)).stdout.strip()
    assert jwt.decode(longest, options={"verify_signature": False})["sub"] == "u" * 128


@pytest.mark.parametrize("option", ["--check", "--write"])
def test_a_file_without_a_settings_table_is_not_up_to_date(tmp_path: Path, option: str) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Notes\n")
    shown = run("settings", option, str(file))
    assert shown.returncode == 1
    assert f"{file} has no table of settings" in error_message(shown)
    assert file.read_text() == "# Notes\n"


def test_a_file_with_the_table_is_updated(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("Before\n<!-- settings: begin -->\nold\n<!-- settings: end -->\nAfter\n")
    shown = run("settings", "--check", str(file))
    assert shown.returncode == 1
    assert "is not up to date" in error_message(shown)
    assert run("settings", "--write", str(file)).returncode == 0
    assert run("settings", "--check", str(file)).returncode == 0
    assert file.read_text().endswith("<!-- settings: end -->\nAfter\n")
