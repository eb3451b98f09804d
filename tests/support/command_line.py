"""Running the command line of the service."""

import os
import subprocess

from tests.support.processes import COMMAND


def run(*arguments: str, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    return subprocess.run(
        [str(COMMAND), *arguments],
        env=clean if env is None else env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


Completed = subprocess.CompletedProcess[str]


def error_message(shown: Completed) -> str:
    """The one sentence on stderr of a failed command, without the box that Typer draws around its own errors."""
    assert shown.returncode in (1, 2), shown
    assert "Traceback" not in shown.stderr
    sentence = " ".join(line.strip("│╭╰─╮╯ ") for line in shown.stderr.splitlines())
    if sentence.startswith("wasgo-chat: "):
        assert len(shown.stderr.splitlines()) == 1
    return sentence
