"""A supervisor over workers that only send heartbeats, so that tests of the supervisor need no service.

Run as a program: `supervised_workers.py NAME FOLDER SHUTDOWN_S`, where NAME is one of the workers below. Each worker
leaves a file named after its process id in FOLDER, so that a test can count them.
"""

import os
import signal
import socket
import sys
import time
from pathlib import Path

from wasgo_chat.server import supervisor
from wasgo_chat.server.supervisor import Supervisor

folder = Path(sys.argv[2])


def steady(beat: int) -> None:
    """Sends heartbeats until SIGTERM."""
    arrived: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: arrived.append(number))
    while not arrived:
        os.write(beat, b".")
        time.sleep(0.02)


def hanging(beat: int) -> None:
    """The first worker stops sending heartbeats, later ones work."""
    if len(list(folder.iterdir())) == 1:
        os.write(beat, b".")
        time.sleep(60)
    steady(beat)


def stubborn(beat: int) -> None:
    """Ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        os.write(beat, b".")
        time.sleep(0.02)


def broken(beat: int) -> None:
    """Fails at startup."""
    raise RuntimeError("nothing works")


def dying(beat: int) -> None:
    """Starts, and exits at once."""
    os.write(beat, b".")
    time.sleep(0.05)


def later_broken(beat: int) -> None:
    """The first worker works, later ones do not start."""
    if len(list(folder.iterdir())) > 1:
        raise RuntimeError("nothing works any more")
    steady(beat)


def run(beat: int) -> None:
    (folder / str(os.getpid())).touch()
    globals()[sys.argv[1]](beat)


supervisor.HEARTBEAT_TIMEOUT_S = 1.0
supervisor.KILL_AFTER_S = 0.2
supervisor.MIN_RESTART_DELAY_S = 0.1
with socket.socket() as sock:
    sock.bind(("127.0.0.1", 0))
    sys.exit(Supervisor(run, workers=1, sock=sock, shutdown_s=float(sys.argv[3])).run())
