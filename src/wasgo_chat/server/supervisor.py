"""The supervisor: the parent process of the workers. It starts them, replaces dead and hung ones, and restarts them.

It serves nothing itself. Workers are forked from it with all modules imported and share its listening socket, so
connections wait for a new worker and are not refused. `run` defines what a worker does.
"""

import contextlib
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from wasgo_chat.server import process

log = structlog.get_logger(__name__)

TICK_S = 0.25
HEARTBEAT_S = 0.5
HEARTBEAT_TIMEOUT_S = 6.0
START_S = 60.0
STABLE_AFTER_S = 10.0
MIN_RESTART_DELAY_S = 0.5
MAX_RESTART_DELAY_S = 30.0
KILL_AFTER_S = 1.0
MAX_FAILED_STARTS = 5
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2)

OnExit = Callable[[int], None]
"""Called with the process id of each worker that has exited, for whatever reason."""

RunWorker = Callable[[int], None]
"""Serves in the new process. Once it accepts connections, it writes a byte to this pipe every half second."""


@dataclass(eq=False, slots=True)
class WorkerProcess:
    """A worker as its parent knows it. `last_heartbeat_at` is None until it is ready."""

    pid: int
    pipe: int
    started_at: float
    last_heartbeat_at: float | None = None
    ready_at: float | None = None
    kill_at: float | None = None
    is_killed: bool = False
    successor: "WorkerProcess | None" = None


class Supervisor:
    """Keeps workers running until SIGTERM or SIGINT; a second signal kills them.

    Args:
        run_worker: called in each new process.
        workers: the number of workers.
        sock: the listening socket, which this process closes when it shuts down.
        shutdown_s: the time that workers have to shut down. A second later they are killed.
        on_exit: called when a worker has exited.
        on_reload: called at SIGUSR2, which every worker receives too.
    """

    def __init__(
        self,
        run_worker: RunWorker,
        *,
        workers: int,
        sock: socket.socket,
        shutdown_s: float,
        on_exit: OnExit | None = None,
        on_reload: Callable[[], None] = lambda: None,
    ) -> None:
        self._run_worker = run_worker
        self._workers = workers
        self._sock = sock
        self._shutdown_s = shutdown_s
        self._on_exit = on_exit
        self._on_reload = on_reload
        self._children: dict[int, WorkerProcess] = {}
        self._outdated: list[WorkerProcess] = []
        self._received_signals: list[int] = []
        self._is_stopping = False
        self._is_forced = False
        self._was_ready = False
        self._failures = 0
        self._start_at = 0.0
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Supervise until shutdown. The exit code is 1 if workers were killed or never became ready, otherwise 0."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        for signum in _SIGNALS:
            signal.signal(signum, lambda number, _: self._received_signals.append(number))
        self._selector.register(woken, selectors.EVENT_READ)
        ticked_at = time.monotonic()
        while not (self._is_stopping and not self._children):
            if not self._is_stopping:
                self._start_missing()
            for key, _ in self._selector.select(TICK_S):
                self._read_heartbeats(key.fd)
            now = time.monotonic()
            if now - ticked_at > HEARTBEAT_TIMEOUT_S / 2:
                self._excuse_after_sleep(now)  # this process was suspended, and read no heartbeats
            ticked_at = now
            self._handle_signals()
            self._kill_overdue(now)
            self._reap()
            self._rolling_restart()
        return int(self._is_forced)

    def _start_missing(self) -> None:
        staying = [child for child in self._children.values() if child.kill_at is None]
        successors = [child for child in staying if child.successor in staying]
        if time.monotonic() >= self._start_at:
            for _ in range(self._workers - (len(staying) - len(successors))):
                self._start()

    def _start(self) -> WorkerProcess:
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(supervisor, write_end)
        os.close(write_end)
        child = WorkerProcess(pid, read_end, time.monotonic())
        self._children[pid] = child
        self._selector.register(read_end, selectors.EVENT_READ, child)
        return child

    def _become_worker(self, supervisor: int, pipe: int) -> None:
        """Run in the new process; never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for signum in _SIGNALS:
                signal.signal(signum, signal.SIG_DFL)
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # it must not die of the signal before it has a handler
            self._selector.close()
            for child in self._children.values():
                os.close(child.pipe)
            # A killed parent cannot free the port: its workers, even stopped ones, must not keep it.
            process.die_with_parent(supervisor, signal.SIGKILL)
            self._run_worker(pipe)
            status = 0
        except BaseException:
            log.exception("worker_failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _read_heartbeats(self, fd: int) -> None:
        child = self._selector.get_key(fd).data
        if child is None:
            with contextlib.suppress(BlockingIOError):
                os.read(fd, 1024)
            return
        if not os.read(fd, 1024):
            self._selector.unregister(fd)  # the worker has closed it; it is reaped soon
            return
        child.last_heartbeat_at = time.monotonic()
        if child.ready_at is None:
            child.ready_at = child.last_heartbeat_at
            self._was_ready = True
            log.info("worker_ready", worker=child.pid, after_s=round(child.ready_at - child.started_at, 2))

    def _excuse_after_sleep(self, now: float) -> None:
        for child in self._children.values():
            if child.last_heartbeat_at is not None:
                child.last_heartbeat_at = now

    def _handle_signals(self) -> None:
        while self._received_signals:
            signum = self._received_signals.pop(0)
            if signum == signal.SIGCHLD:
                continue  # it only wakes the loop, which reaps
            if signum == signal.SIGUSR2:
                self._on_reload()
                for child in self._children.values():
                    os.kill(child.pid, signal.SIGUSR2)
            elif signum == signal.SIGHUP:
                self._outdated = [child for child in self._children.values() if child.kill_at is None]
            elif not self._is_stopping:
                self._is_stopping = True
                self._sock.close()
                for child in self._children.values():
                    self._retire(child)
            else:
                self._kill_all()

    def _retire(self, child: WorkerProcess) -> None:
        if child.kill_at is None:
            child.kill_at = time.monotonic() + self._shutdown_s + KILL_AFTER_S
            os.kill(child.pid, signal.SIGTERM)

    def _kill_all(self) -> None:
        for child in self._children.values():
            self._kill(child)

    def _kill(self, child: WorkerProcess) -> None:
        child.is_killed = True
        self._is_forced = self._is_forced or self._is_stopping
        os.kill(child.pid, signal.SIGKILL)

    def _kill_overdue(self, now: float) -> None:
        for child in self._children.values():
            if child.kill_at is not None:
                is_overdue = now > child.kill_at
            elif child.last_heartbeat_at is None:
                is_overdue = now - child.started_at > START_S
            else:
                is_overdue = now - child.last_heartbeat_at > HEARTBEAT_TIMEOUT_S
            if is_overdue and not child.is_killed:
                log.error("worker_killed", worker=child.pid, ready=child.ready_at is not None)
                self._kill(child)

    def _reap(self) -> None:
        for child in tuple(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            del self._children[pid]
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.pipe)
            os.close(child.pipe)
            if self._on_exit is not None:
                self._report_exit(self._on_exit, pid)
            if child.kill_at is None:
                log.error("worker_died", worker=pid, status=os.waitstatus_to_exitcode(status))
                self._delay_restart(child)

    def _report_exit(self, on_exit: OnExit, pid: int) -> None:
        try:
            on_exit(pid)
        except Exception:
            log.exception("exit_listener_failed", worker=pid)  # an error here must not end the other workers

    def _delay_restart(self, child: WorkerProcess) -> None:
        """Replace the first dead worker at once; back off if workers die repeatedly."""
        now = time.monotonic()
        is_quick = child.ready_at is None or now - child.ready_at < STABLE_AFTER_S
        self._failures = self._failures + 1 if is_quick else 0
        delay_s = (
            0.0 if self._failures < 2 else min(MIN_RESTART_DELAY_S * 2 ** (self._failures - 2), MAX_RESTART_DELAY_S)
        )
        self._start_at = now + delay_s
        if not self._was_ready and self._failures >= MAX_FAILED_STARTS:
            log.error("workers_do_not_start")
            self._is_stopping = self._is_forced = True
            self._kill_all()

    def _rolling_restart(self) -> None:
        """SIGHUP: start a successor for each old worker, and stop the old one once the successor serves."""
        self._outdated = [child for child in self._outdated if child.pid in self._children]
        if self._is_stopping or not self._outdated:
            return
        old = self._outdated[0]
        if old.kill_at is not None:
            return  # it is shutting down
        if old.successor is None:
            old.successor = self._start()
        elif old.successor.pid not in self._children:
            log.error("rolling_restart_aborted", worker=old.pid)
            old.successor = None
            self._outdated.clear()
        elif old.successor.ready_at is not None:
            old.successor = None
            self._retire(old)
