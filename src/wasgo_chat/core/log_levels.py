"""How much each part of the service writes into the log, changed while it runs.

`LOG_LEVEL` is for all of it, `LOG_LEVELS` and then the lines of `LOG_LEVELS_FILE` for parts. SIGUSR2 has the file read
again by every worker. Only loggers of our own can be named: what libraries say below a warning holds queries and forms.
"""

import logging
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
OURS = "wasgo_chat"

_Filtering: Any = structlog.make_filtering_bound_logger(logging.DEBUG)


class LeveledLogger(_Filtering):  # type: ignore[misc]  # made at run time
    """structlog's, but for asking the standard library's logger whether a line is wanted: that can change."""

    def debug(self, event: str, *args: Any, **values: Any) -> Any:
        """See structlog."""
        return super().debug(event, *args, **values) if self._logger.isEnabledFor(logging.DEBUG) else None

    def info(self, event: str, *args: Any, **values: Any) -> Any:
        """See structlog."""
        return super().info(event, *args, **values) if self._logger.isEnabledFor(logging.INFO) else None

    def is_enabled_for(self, level: int) -> bool:
        """See structlog."""
        return bool(self._logger.isEnabledFor(level))


def parse(text: str) -> dict[str, str]:
    """Levels by logger, from `wasgo_chat.gateway=DEBUG` in lines or separated by commas; `#` begins a comment.

    Raises:
        ValueError: a logger that is not ours, or no level.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        for part in line.partition("#")[0].split(","):
            name, _, level = (piece.strip() for piece in part.partition("="))
            if not name and not level:
                continue
            if name != OURS and not name.startswith(f"{OURS}."):
                raise ValueError(f"{name!r} is no logger of {OURS}")
            if level.upper() not in LEVELS:
                raise ValueError(f"{level!r} is none of {', '.join(LEVELS)}")
            found[name] = level.upper()
    return found


class LogLevels:
    """The levels of this process.

    Args:
        level: for all loggers of ours that nothing else is said of.
        levels: as `parse` takes them, for some.
        file: more of these, which come before `levels`; None or missing: none.
    """

    def __init__(self, level: str, levels: str = "", file: Path | None = None) -> None:
        self.general = level.upper()
        self._given = parse(levels)
        self._file = file
        self._set: dict[str, str] = {}

    def apply(self) -> None:
        """Read the file, and let loggers be as it says. What cannot be understood changes nothing, and is logged."""
        try:
            from_file = parse(self._file.read_text(encoding="utf-8")) if self._file is not None else {}
        except FileNotFoundError:
            from_file = {}
        except (OSError, ValueError) as error:
            log.warning("log_levels_not_read", error=type(error).__name__)
            return
        wanted = {OURS: self.general, **self._given, **from_file}
        for name in self._set.keys() - wanted.keys():
            logging.getLogger(name).setLevel(logging.NOTSET)
        for name, level in wanted.items():
            logging.getLogger(name).setLevel(level)
        if self._set and wanted != self._set:
            log.warning("log_levels_changed", levels=wanted)
        self._set = wanted
