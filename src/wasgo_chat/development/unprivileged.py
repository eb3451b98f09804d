"""Running a server as root's guest: PostgreSQL refuses to be root, and must still reach root's folders.

Who starts as an ordinary user needs nothing of this and passes through unchanged.
"""

import contextlib
import ctypes
import hashlib
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wasgo_chat.core.config import CannotStart
from wasgo_chat.server.process import die_with_parent

_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """Another user to run as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int


def unprivileged_user() -> Unprivileged | None:
    """Whom a server runs as where we are root; None where we are not."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Unprivileged(nobody.pw_uid, nobody.pw_gid)


def is_world_readable(folder: Path) -> bool:
    """Whether any user can read a folder and run what is in it."""
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (folder, *folder.parents))


def copy_binaries(package: Path) -> Path:
    """The binaries where a user other than root can run them, as linked copies kept for the next start.

    A capability lets a server pass through root's private folders, but its programs ask access(2) whether they
    may run each other, and that does not count capabilities.
    """
    libraries = package.with_name(f"{package.name}.libs")
    program = (package / "pginstall" / "bin" / "postgres").stat()
    about = f"{package} {program.st_ino} {program.st_size} {program.st_mtime_ns}"
    stamp = hashlib.sha256(about.encode()).hexdigest()[:12]
    home = Path("/tmp") / f"wasgo-chat-postgres-{stamp}"  # noqa: S108  checked to be ours
    if not home.exists():
        made = Path(tempfile.mkdtemp(prefix="wasgo-chat-postgres-", dir="/tmp"))
        for source in (package / "pginstall", libraries):
            if source.exists():
                target = made / source.relative_to(package.parent)
                shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
        for folder in (made, made / package.name):
            folder.chmod(0o755)
        made.rename(home)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise CannotStart(f"{home} belongs to somebody else: remove it.")
    return home / package.name


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
    return target


def private_tempdir(folder: Path, user: Unprivileged | None) -> None:
    """A folder in /tmp that nobody else could have laid out for us."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    wanted = user.uid if user else os.geteuid()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), wanted):
        raise CannotStart(f"{folder} belongs to somebody else: remove it.")
    folder.chmod(0o700)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def drop_privileges(user: Unprivileged | None, death_signal: int) -> Callable[[], None]:
    """What a child does before it becomes the server: drop root, and ask to die with us.

    A server that dropped root must still reach a data folder below a 0700 home or a `mktemp -d`; it keeps the
    single capability that lets it pass through folders (capabilities(7), "ambient"), and owns its own files.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def become() -> None:
        if user is not None:
            if sys.platform == "linux":
                libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            if sys.platform == "linux":
                _keep_passage(libc)
        with contextlib.suppress(OSError):
            die_with_parent(parent, death_signal)

    return become


def _keep_passage(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    for capability in (_DAC_READ_SEARCH, _DAC_OVERRIDE):
        bit = 1 << capability
        data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low, then high
        if libc.capset(header, data) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
