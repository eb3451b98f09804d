"""Configures structured logging: one line per event on standard error, including the logs of libraries."""

import logging
import sys
from typing import Any

import structlog

from wasgo_chat.core.encoding import encode_str
from wasgo_chat.core.log_levels import LeveledLogger, LogLevels
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.redaction import redacted_traceback, write_redacted


def configure_logging(levels: LogLevels | str, *, as_json: bool) -> None:
    """Configure logging for this process.

    Libraries log warnings and errors only: below that, they log query strings (with tickets), parts of forms and image
    metadata.

    Args:
        levels: log levels, or one level for all loggers.
        as_json: whether to write JSON lines instead of text.
    """
    levels = LogLevels(levels) if isinstance(levels, str) else levels
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        tracing.add_trace_ids,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any]
    if as_json:
        renderer = [
            structlog.processors.ExceptionRenderer(redacted_traceback),
            structlog.processors.JSONRenderer(serializer=_dumps),
        ]
    else:
        renderer = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_redacted)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=LeveledLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[remove_meta, *renderer], foreign_pre_chain=shared)
    )
    library_level = max(logging.getLevelNamesMapping()[levels.general], logging.WARNING)
    logging.basicConfig(handlers=[handler], level=library_level, force=True)
    levels.apply()


def _dumps(value: Any, **_: Any) -> str:
    return encode_str(value)
