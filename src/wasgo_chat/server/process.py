"""Child processes that terminate with their parent.

On Linux the kernel signals them: PR_SET_PDEATHSIG, see prctl(2). On other systems, leftover children are stopped at the
next start.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, signum: int = signal.SIGTERM) -> None:
    """Make the kernel send a signal to this process when its parent dies.

    Call from the main thread, after any change of user.

    Args:
        parent: process id of the parent, determined before the fork: detects a parent that has already died.
        signum: the signal.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)
