"""The Dockerfile: no root, no secret, and only locked and needed files."""

import fnmatch
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
SECRETS = re.compile(r"(SECRET|PASSWORD|TOKEN|PRIVATE|_KEY|DATABASE_URL)", re.IGNORECASE)


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line.strip()]
    return [(name.upper(), rest) for name, rest in lines]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def test_it_runs_without_root_and_has_a_health_check() -> None:
    stage = last_stage()
    users = [rest for name, rest in stage if name == "USER"]
    assert [re.fullmatch(r"[1-9]\d+:[1-9]\d+", user) is not None for user in users] == [True]
    names = [name for name, _ in stage]
    assert names.index("USER") > max(at for at, name in enumerate(names) if name in ("RUN", "COPY"))
    assert "/healthz" in next(rest for name, rest in stage if name == "HEALTHCHECK")
    assert next(rest for name, rest in stage if name == "CMD").startswith('["wasgo-chat", "serve"')


def test_its_base_is_pinned_to_one_patch_release_and_one_debian() -> None:
    (base,) = [rest for name, rest in instructions() if name == "ARG" and rest.startswith("BASE=")]
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-[a-z]+", base)
    assert all(rest.startswith("${BASE}") for name, rest in instructions() if name == "FROM")


def test_it_contains_no_secret_and_downloads_nothing_else() -> None:
    for name, rest in instructions():
        assert name != "ADD", "ADD takes URLs and unpacks archives"
        if name in ("ENV", "ARG", "LABEL"):
            assert not SECRETS.search(rest), rest
    assert not re.search(r"curl|wget|https?://(?!127\.0\.0\.1)", (ROOT / "Dockerfile").read_text())


def test_libraries_are_installed_by_hash_or_from_the_build_stage() -> None:
    commands = [one for name, rest in instructions() if name == "RUN" for one in rest.split("&&")]
    for command in commands:
        if re.search(r"pip (install|wheel)", command):
            assert "--require-hashes" in command or "--no-deps" in command, command


def test_it_copies_only_existing_files_that_dockerignore_lets_through() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    allowed = [line[1:].rstrip("/") for line in ignored if line.startswith("!")]
    copied: set[str] = set()
    for name, rest in instructions():
        if name == "COPY" and not rest.startswith("--from="):
            copied |= {source.rstrip("/") for source in rest.split()[:-1]}
    assert copied == set(allowed)
    assert all((ROOT / path).exists() for path in copied)
    for never in (".git", ".env", ".data", ".venv", "tests", "build"):
        assert not any(fnmatch.fnmatch(never, pattern) for pattern in allowed)
