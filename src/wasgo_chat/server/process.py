"""Life and death of child processes: a child ends with its parent, however that ends.

Linux tells by PR_SET_PDEATHSIG (prctl(2)); elsewhere a stale child is found and stopped at the next start.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, signum: int = signal.SIGTERM) -> None:
    """Have the kernel send a signal when our parent dies. Call from the main thread, after any change of user.

    Args:
        parent: process id of the parent, as it knew it: one that died before we ask is seen by comparing.
        signum: the signal to be sent.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)
