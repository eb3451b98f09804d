"""Log levels by logger, reloadable at run time.

`LOG_LEVEL` applies to all loggers of the service, `LOG_LEVELS` to individual ones, and `LOG_LEVELS_FILE` overrides
both. SIGUSR2 makes every worker reload the file. Loggers of libraries cannot be set: below WARNING they log query
strings and form data.
"""

import logging
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger(__name__)

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
ROOT_LOGGER = "wasgo_chat"

_Filtering: Any = structlog.make_filtering_bound_logger(logging.DEBUG)


class LeveledLogger(_Filtering):  # type: ignore[misc]  # made at run time
    """structlog's filtering logger with the level of the standard library's logger, which can change at run time."""

    def debug(self, event: str, *args: Any, **values: Any) -> Any:
        return super().debug(event, *args, **values) if self._logger.isEnabledFor(logging.DEBUG) else None

    def info(self, event: str, *args: Any, **values: Any) -> Any:
        return super().info(event, *args, **values) if self._logger.isEnabledFor(logging.INFO) else None

    def is_enabled_for(self, level: int) -> bool:
        return bool(self._logger.isEnabledFor(level))


def parse(source: str) -> dict[str, str]:
    """Parse `wasgo_chat.gateway=DEBUG` entries, separated by newlines or commas; `#` starts a comment.

    Returns:
        Levels by logger name.

    Raises:
        ValueError: an unknown level, or a logger outside of `wasgo_chat`.
    """
    levels: dict[str, str] = {}
    for line in source.splitlines():
        for entry in line.partition("#")[0].split(","):
            name, _, level = (text.strip() for text in entry.partition("="))
            if not name and not level:
                continue
            if name != ROOT_LOGGER and not name.startswith(f"{ROOT_LOGGER}."):
                raise ValueError(f"{name!r} is not a logger of {ROOT_LOGGER}")
            if level.upper() not in LEVELS:
                raise ValueError(f"{level!r} is not one of {', '.join(LEVELS)}")
            levels[name] = level.upper()
    return levels


class LogLevels:
    """The levels of this process.

    Args:
        level: default level of the service.
        levels: levels of individual loggers, see `parse`.
        file: file with further levels, which override `levels`. It may be missing.
    """

    def __init__(self, level: str, levels: str = "", file: Path | None = None) -> None:
        self.general = level.upper()
        self._configured = parse(levels)
        self._file = file
        self._applied: dict[str, str] = {}

    def apply(self) -> None:
        """Read the file and set the levels. An invalid file is logged and changes nothing."""
        try:
            from_file = parse(self._file.read_text(encoding="utf-8")) if self._file is not None else {}
        except FileNotFoundError:
            from_file = {}
        except (OSError, ValueError) as error:
            log.warning("log_levels_invalid", error=type(error).__name__)
            return
        levels = {ROOT_LOGGER: self.general, **self._configured, **from_file}
        for name in self._applied.keys() - levels.keys():
            logging.getLogger(name).setLevel(logging.NOTSET)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if self._applied and levels != self._applied:
            log.warning("log_levels_changed", levels=levels)
        self._applied = levels
