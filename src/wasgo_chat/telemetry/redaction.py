"""What a log line may not hold: tokens, addresses, what people said. How paths and errors are written without them.

A crash is logged with its types and places. The words of an error are kept only where they are the program's own:
those of a database or a parser may quote what somebody sent.
"""

import re
import traceback
from typing import Any, TextIO

from structlog.typing import ExcInfo

HIDDEN = "…"
MAX_FRAMES = 50
_PLAIN_SEGMENT = re.compile(r"[a-z_]{0,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN_MESSAGES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    NameError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
)


def redact_path(path: str) -> str:
    """A path with only what cannot be a secret or a person: words of ours and UUIDs.

    Links to unsubscribe carry a token, user ids may be addresses, and a client may call anything by mistake.
    """
    return "/".join(part if _PLAIN_SEGMENT.fullmatch(part) else HIDDEN for part in path.split("/"))


def redacted_traceback(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """An error and those that led to it, latest first: type, places, and words where they are the program's own."""
    error: BaseException | None = exc_info[1]
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < MAX_FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        one: dict[str, Any] = {
            "exc_type": type(error).__qualname__,
            "exc_value": _safe_message(error),
            "frames": [{"filename": at.filename, "lineno": at.lineno, "name": at.name} for at in frames],
        }
        if isinstance(error, BaseExceptionGroup):
            one["exceptions"] = [redacted_traceback((type(sub), sub, sub.__traceback__)) for sub in error.exceptions]
        chain.append(one)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def write_redacted(out: TextIO, exc_info: ExcInfo) -> None:
    """The same for people to read."""
    for one in redacted_traceback(exc_info):
        out.write(f"\n{one['exc_type']}: {one['exc_value']}")
        for at in one["frames"]:
            out.write(f"\n  {at['filename']}:{at['lineno']} in {at['name']}")


def _safe_message(error: BaseException) -> str:
    if type(error).__module__.startswith("wasgo_chat.") or type(error) in _OWN_MESSAGES or isinstance(error, OSError):
        return str(error)
    # The state of a database's answer says what happened without saying to what (PostgreSQL, appendix A).
    state = getattr(error, "sqlstate", None)
    return f"SQLSTATE {state}" if isinstance(state, str) else HIDDEN
