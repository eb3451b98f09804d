"""Configuration of structured logs: one line per event on standard error, libraries included."""

import logging
import sys
from typing import Any

import structlog

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.core.log_levels import LeveledLogger, LogLevels
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.redaction import redacted_traceback, write_redacted


def configure_logging(levels: LogLevels | str, *, as_json: bool) -> None:
    """One line an event on standard error; libraries' loggers go the same way. `levels` may be one for all.

    Libraries may speak of warnings only: what they say below that holds query strings, and so tickets, pieces of forms,
    and what pictures say of their place.
    """
    levels = LogLevels(levels) if isinstance(levels, str) else levels
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        tracing.add_trace_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any]
    if as_json:
        last = [
            structlog.processors.ExceptionRenderer(redacted_traceback),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_redacted)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=LeveledLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[remove, *last], foreign_pre_chain=shared))
    quiet = max(logging.getLevelNamesMapping()[levels.general], logging.WARNING)
    logging.basicConfig(handlers=[handler], level=quiet, force=True)
    levels.apply()


def _dumps(value: Any, **_: Any) -> str:
    return encode_str(value)
