"""A process that runs commands of `wasgo-chat` in forks, so that they share the time of the imports.

`serve` gets a Unix socket. A request is the length of its JSON (four bytes) with the file
descriptors of stdout and stderr, then the JSON: `[arguments, environment]`. The reply is the exit code (four bytes).
"""

import importlib
import json
import os
import socket
import sys
import traceback

from wasgo_chat import cli

PRELOADED = (
    "wasgo_chat.app",
    "wasgo_chat.database.migrations",
    "wasgo_chat.data_import.run",
    "wasgo_chat.seed.run",
    "wasgo_chat.server.run",
)


def serve(fd: int) -> None:
    """Run commands until the other end closes the socket."""
    for module in PRELOADED:
        importlib.import_module(module)
    connection = socket.socket(fileno=fd)
    while True:
        size, fds, _, _ = socket.recv_fds(connection, 4, 2)
        if not size:
            return
        arguments, environment = json.loads(connection.recv(int.from_bytes(size), socket.MSG_WAITALL))
        child = os.fork()
        if child == 0:
            run(arguments, environment, fds)
        for fd in fds:
            os.close(fd)
        _, status = os.waitpid(child, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, signed=True))


def run(arguments: list[str], environment: dict[str, str], fds: list[int]) -> None:
    """Run one command in a fork, which then exits."""
    code: object = 1
    try:
        for fd, target in zip(fds, (1, 2), strict=True):
            os.dup2(fd, target)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["wasgo-chat", *arguments]
        cli.main()
        code = 0
    except SystemExit as exit_request:
        code = exit_request.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)
