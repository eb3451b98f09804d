"""Running the command line of the service."""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from functools import cache

TIMEOUT_S = 60.0

Completed = subprocess.CompletedProcess[str]


def run(*arguments: str, env: dict[str, str] | None = None) -> Completed:
    """Run `wasgo-chat` to its end; by default in an environment without settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WASGO_CHAT_")}
    request = json.dumps([arguments, clean if env is None else env]).encode()
    server = _server()
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        socket.send_fds(server, [len(request).to_bytes(4)], [stdout.fileno(), stderr.fileno()])
        server.sendall(request)
        code = int.from_bytes(server.recv(4, socket.MSG_WAITALL), signed=True)
        outputs = []
        for file in (stdout, stderr):
            file.seek(0)
            outputs.append(file.read().decode())
    return Completed(["wasgo-chat", *arguments], code, *outputs)


@cache
def _server() -> socket.socket:
    """The command server of this test process."""
    connection, theirs = socket.socketpair()
    connection.settimeout(TIMEOUT_S)
    with theirs:
        # Not as a module with -m: Typer would show that in its usage lines.
        program = f"from tests.support.command_server import serve; serve({theirs.fileno()})"
        process = subprocess.Popen([sys.executable, "-c", program], pass_fds=[theirs.fileno()])

    def stop() -> None:
        connection.close()
        process.wait()

    atexit.register(stop)
    return connection


def error_message(shown: Completed) -> str:
    """The one sentence on stderr of a failed command, without the box that Typer draws around its own errors."""
    assert shown.returncode in (1, 2), shown
    assert "Traceback" not in shown.stderr
    sentence = " ".join(line.strip("│╭╰─╮╯ ") for line in shown.stderr.splitlines())
    if sentence.startswith("wasgo-chat: "):
        assert len(shown.stderr.splitlines()) == 1
    return sentence
