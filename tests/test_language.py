"""Documents and source text use plain technical English: words that have crept in before are rejected.

docs/glossary.md has the words to use. Add a word here when a review finds it twice.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from wasgo_chat.cli import app

ROOT = Path(__file__).parent.parent

CHECKED = (
    "README.md",
    "CONTRIBUTING.md",
    "Makefile",
    "Dockerfile",
    "compose.yaml",
    "pyproject.toml",
    "docs",
    "deploy",
    "web",
    "src",
    "benchmarks",
    "sdk",
    "migrations",
)
"""Files and folders that are checked. Tests may contain what people write in messages."""

SUFFIXES = {".md", ".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".html", ".yaml", ".yml", ".toml", ".env", ".cfg", ""}
SKIPPED_PARTS = {"node_modules", ".venv", "generated", "decisions", "__pycache__", "dist", "build", "images"}
BUILT = "src/wasgo_chat/web/"
"""Decision records keep the words they were written with; built pages are checked in their sources."""

WORDS = {
    "afresh": "again",
    "anew": "again",
    "anybody": "any user, any client",
    "beside": "next to, in addition to, while",
    "deafen": "stop the subscription",
    "door": "route, command, entry point",
    "doors": "routes, commands, entry points",
    "ear": "subscriber",
    "ears": "subscribers",
    "everybody": "everyone, all members, all clients",
    "farewell": "close",
    "for ever": "permanently, indefinitely",
    "head check": "reconciler",
    "mend": "fix, repair",
    "mended": "fixed, repaired",
    "mends": "fixes, repairs",
    "nobody": "no user, no client, none",
    "one's own": "their own",
    "seldom": "rarely",
    "sorts itself out": "resolves",
    "somebody": "a user, a client, another process",
    "teller": "publisher",
    "telling": "publishing, reporting",
    "thereof": "of it",
    "weather": "conditions",
    "whoever": "anyone who, the user who",
    "whomever": "anyone whom",
    "wish": "preference",
    "wishes": "preferences",
}
"""Banned words, and what to write."""

PHRASES = {
    r"\bdead letters?\b": "dead delivery",
    r"\bwhat (?:there is|is there|was there)\b": "what exists, existing rows",
    r"\bwho (?:is|are) of the staff\b": "staff users",
    r"\bof the staff\b": "staff",
    r"\bby (?:itself|themselves)\b": "automatically, alone",
    r"\blets? everybody pass\b": "releases its locks",
    r"\bhead went back\b": "log rewound",
    r"\bis (?:told|heard)\b": "is published, is reported, is received",
    r'^\s*"""See [^"]{1,60}\."""$': "delete the docstring, or say what the method does",
}

ALLOWED = {
    "tests/test_language.py": "this list",
    "src/wasgo_chat/development/demo_script.py": "people talk to each other there",
    "src/wasgo_chat/seed/generator.py": "sentences of generated messages",
    "src/wasgo_chat/development/unprivileged.py": "the Unix account `nobody`",
}
"""Files that are not checked, with the reason."""

_WORD = re.compile(r"(?<![\w-])(" + "|".join(re.escape(word) for word in WORDS) + r")(?![\w-])", re.IGNORECASE)
_PHRASES = [(re.compile(pattern, re.IGNORECASE), instead) for pattern, instead in PHRASES.items()]


def checked_files() -> Iterator[Path]:
    for name in CHECKED:
        path = ROOT / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            relative = file.relative_to(ROOT)
            if (
                file.is_file()
                and file.suffix in SUFFIXES
                and not SKIPPED_PARTS & set(relative.parts)
                and not any(part.startswith(".") and part.endswith("_cache") for part in relative.parts)
                and not relative.as_posix().startswith(BUILT)
                and relative.as_posix() not in ALLOWED
            ):
                yield file


def findings_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, word, and what to write instead."""
    for number, line in enumerate(text.splitlines(), 1):
        for found in _WORD.finditer(line):
            yield number, found[1], WORDS[found[1].lower()]
        for pattern, instead in _PHRASES:
            if match := pattern.search(line):
                yield number, match[0], instead


def test_no_text_has_banned_words() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: `{word}` (write: {instead})"
        for path in checked_files()
        for line, word, instead in findings_in(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


def test_the_help_of_every_command_has_no_banned_words() -> None:
    command = get_command(app)
    found = []
    for name in [None, *command.commands]:  # type: ignore[attr-defined]  # a group
        output = CliRunner().invoke(app, [*([name] if name else []), "--help"]).output
        found += [f"{name or ''}: {word}" for _, word, _ in findings_in(output)]
    assert not found, "\n".join(found)


def test_a_banned_word_is_found_and_part_of_a_name_is_not() -> None:
    assert [word for _, word, _ in findings_in("Nobody mends it.")] == ["Nobody", "mends"]
    assert not list(findings_in("The `outdoor` theme, anewbie, somebody_else"))


@pytest.mark.parametrize("name", ALLOWED)
def test_a_file_on_the_list_of_exceptions_exists(name: str) -> None:
    assert (ROOT / name).is_file()
