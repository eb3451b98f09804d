"""The parent of the workers of `serve`: starts them, replaces the dead and the hung, retires them in turn.

It serves nothing itself. Workers are forked from it, with everything imported already, and share its listening
socket, so connections wait for a new worker and are not refused. What a worker does is `serving`'s business.
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

OnEnd = Callable[[int], None]
"""Told the process id of each worker that has ended, whatever of."""

RunWorker = Callable[[int], None]
"""What a worker does: serve, and write a byte each half a second to this pipe once it takes connections."""


@dataclass(eq=False, slots=True)
class WorkerProcess:
    """A worker, as its parent knows it. `last_heartbeat_at` is None until it is ready."""

    pid: int
    pipe: int
    started_at: float
    last_heartbeat_at: float | None = None
    ready_at: float | None = None
    kill_at: float | None = None
    is_killed: bool = False
    successor: "WorkerProcess | None" = None


class Supervisor:
    """Keeps `workers` workers running until SIGTERM or SIGINT; a second one ends all at once.

    Args:
        run_worker: called in each new process.
        workers: how many.
        sock: the listening socket; this process lets go of it when it is told to end.
        shutdown_s: how long workers may take to end; a second later they are killed.
        on_end: called once a worker has ended.
        reread: called at SIGUSR2, which every worker gets too.
    """

    def __init__(
        self,
        run_worker: RunWorker,
        *,
        workers: int,
        sock: socket.socket,
        shutdown_s: float,
        on_end: OnEnd | None = None,
        reread: Callable[[], None] = lambda: None,
    ) -> None:
        self._run_worker = run_worker
        self._workers = workers
        self._sock = sock
        self._shutdown_s = shutdown_s
        self._on_end = on_end
        self._reread = reread
        self._children: dict[int, WorkerProcess] = {}
        self._outdated: list[WorkerProcess] = []
        self._arrived: list[int] = []
        self._is_ending = False
        self._is_forced = False
        self._was_ready = False
        self._failures = 0
        self._start_at = 0.0
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Supervise to the end. The exit code: 0 if all ended as asked, 1 if some had to be killed or none started."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        for signum in _SIGNALS:
            signal.signal(signum, lambda number, _: self._arrived.append(number))
        self._selector.register(woken, selectors.EVENT_READ)
        ticked_at = time.monotonic()
        while not (self._is_ending and not self._children):
            if not self._is_ending:
                self._start_missing()
            for key, _ in self._selector.select(TICK_S):
                self._read_heartbeats(key.fd)
            now = time.monotonic()
            if now - ticked_at > HEARTBEAT_TIMEOUT_S / 2:
                self._excuse_after_sleep(now)  # it was this process that slept
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
        mine, theirs = os.pipe()
        os.set_blocking(mine, False)
        os.set_blocking(theirs, False)
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_worker(supervisor, theirs)
        os.close(theirs)
        child = WorkerProcess(pid, mine, time.monotonic())
        self._children[pid] = child
        self._selector.register(mine, selectors.EVENT_READ, child)
        return child

    def _become_worker(self, supervisor: int, pipe: int) -> None:
        """In the new process; never returns."""
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for signum in _SIGNALS:
                signal.signal(signum, signal.SIG_DFL)
            signal.signal(signal.SIGUSR2, signal.SIG_IGN)  # until the worker knows what to do, it must not die of it
            self._selector.close()
            for child in self._children.values():
                os.close(child.pipe)
            # As a killed parent takes no care of the port, its workers must not keep it, stopped ones neither.
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
            self._selector.unregister(fd)  # its end; reaped in a moment
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
        while self._arrived:
            signum = self._arrived.pop(0)
            if signum == signal.SIGCHLD:
                continue  # it has woken us, and that is all it is for
            if signum == signal.SIGUSR2:
                self._reread()
                for child in self._children.values():
                    os.kill(child.pid, signal.SIGUSR2)
            elif signum == signal.SIGHUP:
                self._outdated = [child for child in self._children.values() if child.kill_at is None]
            elif not self._is_ending:
                self._is_ending = True
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
        self._is_forced = self._is_forced or self._is_ending
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
            if self._on_end is not None:
                self._report_exit(self._on_end, pid)
            if child.kill_at is None:
                log.error("worker_died", worker=pid, status=os.waitstatus_to_exitcode(status))
                self._pause_after(child)

    def _report_exit(self, on_end: OnEnd, pid: int) -> None:
        try:
            on_end(pid)
        except Exception:
            log.exception("end_not_told", worker=pid)  # whoever wants to know must not end all workers

    def _pause_after(self, child: WorkerProcess) -> None:
        """The first death is made good at once; workers that die again and again are started less and less often."""
        now = time.monotonic()
        is_quick = child.ready_at is None or now - child.ready_at < STABLE_AFTER_S
        self._failures = self._failures + 1 if is_quick else 0
        pause_s = (
            0.0 if self._failures < 2 else min(MIN_RESTART_DELAY_S * 2 ** (self._failures - 2), MAX_RESTART_DELAY_S)
        )
        self._start_at = now + pause_s
        if not self._was_ready and self._failures >= MAX_FAILED_STARTS:
            log.error("workers_do_not_start")
            self._is_ending = self._is_forced = True
            self._kill_all()

    def _rolling_restart(self) -> None:
        """SIGHUP: for each old worker a new one, and only once that serves the old one is told to end."""
        self._outdated = [child for child in self._outdated if child.pid in self._children]
        if self._is_ending or not self._outdated:
            return
        old = self._outdated[0]
        if old.kill_at is not None:
            return  # on its way out
        if old.successor is None:
            old.successor = self._start()
        elif old.successor.pid not in self._children:
            log.error("replacing_given_up", worker=old.pid)
            old.successor = None
            self._outdated.clear()
        elif old.successor.ready_at is not None:
            old.successor = None
            self._retire(old)
