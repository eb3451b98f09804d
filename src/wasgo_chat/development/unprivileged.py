"""Runs PostgreSQL as an unprivileged user if the current user is root, because PostgreSQL refuses to run as root.

The server must still be able to access directories of root. For other users, these functions do nothing.
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

from wasgo_chat.server.process import die_with_parent
from wasgo_chat.settings.config import CannotStart

_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2


@dataclass(frozen=True, slots=True)
class Unprivileged:
    """The user that a server runs as instead of root."""

    uid: int
    gid: int


def unprivileged_user() -> Unprivileged | None:
    """The user for a server if the current user is root, else None."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Unprivileged(nobody.pw_uid, nobody.pw_gid)


def is_world_readable(folder: Path) -> bool:
    """Whether all users can read a directory and execute files in it."""
    return all(path.stat().st_mode & 0o005 == 0o005 for path in (folder, *folder.parents))


def copy_binaries(package: Path) -> Path:
    """Copy the binaries to a place where an unprivileged user can run them. Uses hard links and keeps the copy.

    A capability gives the server access to root's private directories. However, its programs check with access(2)
    whether they can execute each other, which ignores capabilities.
    """
    libraries = package.with_name(f"{package.name}.libs")
    program = (package / "pginstall" / "bin" / "postgres").stat()
    identity = f"{package} {program.st_ino} {program.st_size} {program.st_mtime_ns}"
    stamp = hashlib.sha256(identity.encode()).hexdigest()[:12]
    home = Path("/tmp") / f"wasgo-chat-postgres-{stamp}"  # noqa: S108  ownership is checked
    if not home.exists():
        new = Path(tempfile.mkdtemp(prefix="wasgo-chat-postgres-", dir="/tmp"))
        for source in (package / "pginstall", libraries):
            if source.exists():
                target = new / source.relative_to(package.parent)
                shutil.copytree(source, target, symlinks=True, copy_function=_link_or_copy)
        for folder in (new, new / package.name):
            folder.chmod(0o755)
        new.rename(home)
    if home.is_symlink() or home.stat().st_uid != 0:
        raise CannotStart(f"{home} belongs to another user: remove it.")
    return home / package.name


def _link_or_copy(source: str, target: str) -> str:
    try:
        os.link(source, target)
    except OSError:  # on a different file system
        shutil.copy2(source, target)
    return target


def private_tempdir(folder: Path, user: Unprivileged | None) -> None:
    """Create a directory in /tmp, and check that no other user has prepared it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    owner = user.uid if user else os.geteuid()
    if folder.is_symlink() or status.st_uid not in (os.geteuid(), owner):
        raise CannotStart(f"{folder} belongs to another user: remove it.")
    folder.chmod(0o700)
    if user is not None:
        os.chown(folder, user.uid, user.gid)


def drop_privileges(user: Unprivileged | None, death_signal: int) -> Callable[[], None]:
    """The `preexec_fn` of a server process: drop root privileges, and terminate with the parent.

    The server must still be able to access a data directory below a private home or temporary directory. So it keeps
    one ambient capability, see capabilities(7), that bypasses directory permissions. It owns its own files.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def setup_child() -> None:
        if user is not None:
            if sys.platform == "linux":
                libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
            if sys.platform == "linux":
                _keep_directory_access(libc)
        with contextlib.suppress(OSError):
            die_with_parent(parent, death_signal)

    return setup_child


def _keep_directory_access(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    for capability in (_DAC_READ_SEARCH, _DAC_OVERRIDE):
        bit = 1 << capability
        data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; low, then high
        if libc.capset(header, data) == 0:
            libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
