"""Log redaction: paths and tracebacks without tokens, addresses and user content.

Tracebacks contain types and locations. The message of an exception is kept only if it comes from this program or from
Python itself; messages of databases and parsers can quote client input.
"""

import re
import traceback
from typing import Any, TextIO

from structlog.typing import ExcInfo

HIDDEN = "…"
MAX_FRAMES = 50
MAX_PATH_CHARS = 200
_PLAIN_SEGMENT = re.compile(r"[a-z_]{0,40}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Messages of these types describe code, not data. `NotImplementedError` is one of them; nothing here raises it.
_SAFE_TYPES = (
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
    """A path reduced to lower-case words and UUIDs, with other segments hidden.

    Unsubscribe links contain tokens, user ids can be e-mail addresses, and clients may request arbitrary paths, of
    which the log has the beginning.
    """
    if len(path) > MAX_PATH_CHARS:
        path = f"{path[:MAX_PATH_CHARS].rpartition('/')[0]}/{HIDDEN}"
    return "/".join(part if _PLAIN_SEGMENT.fullmatch(part) else HIDDEN for part in path.split("/"))


def redacted_traceback(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """An exception and its causes, latest first, with types, locations and safe messages."""
    error: BaseException | None = exc_info[1]
    chain: list[dict[str, Any]] = []
    while error is not None and len(chain) < MAX_FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        entry: dict[str, Any] = {
            "exc_type": type(error).__qualname__,
            "exc_value": _safe_message(error),
            "frames": [{"filename": frame.filename, "lineno": frame.lineno, "name": frame.name} for frame in frames],
        }
        if isinstance(error, BaseExceptionGroup):
            entry["exceptions"] = [redacted_traceback((type(sub), sub, sub.__traceback__)) for sub in error.exceptions]
        chain.append(entry)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return chain


def write_redacted(out: TextIO, exc_info: ExcInfo) -> None:
    """Write the redacted traceback as text."""
    for entry in redacted_traceback(exc_info):
        out.write(f"\n{entry['exc_type']}: {entry['exc_value']}")
        for frame in entry["frames"]:
            out.write(f"\n  {frame['filename']}:{frame['lineno']} in {frame['name']}")


def _safe_message(error: BaseException) -> str:
    if type(error).__module__.startswith("wasgo_chat.") or type(error) in _SAFE_TYPES or isinstance(error, OSError):
        return str(error)
    # SQLSTATE codes contain no data (PostgreSQL, appendix A).
    state = getattr(error, "sqlstate", None)
    return f"SQLSTATE {state}" if isinstance(state, str) else HIDDEN
