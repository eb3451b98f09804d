"""Settings: shutdown, metrics, traces and logs."""

from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, Field, SecretStr

from wasgo_chat.settings.types import LogLevels


class OperationSettings(BaseModel):
    """Shutdown, metrics, traces and logs."""

    heading: ClassVar[str] = "Operation"

    drain_delay_s: float = Field(
        0.0,
        ge=0,
        description="How long after SIGTERM the service keeps accepting connections while `/readyz` reports "
        "`draining`.",
    )
    restart_spread_s: float = Field(
        5.0,
        ge=0,
        description="Clients disconnected by a restart (1012) reconnect at random times within this period.",
    )
    shutdown_s: int = Field(10, ge=1, description="Maximum time from SIGTERM to exit, including the drain delay.")
    metrics_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Bearer token required by `/metrics`. Unset: readable from loopback and private addresses only.",
    )
    otlp_endpoint: str | None = Field(
        None,
        pattern=r"^https?://",
        description="OpenTelemetry collector that accepts OTLP over HTTP. Unset: tracing is off.",
    )
    trace_ratio: float = Field(
        1.0, ge=0, le=1, description="Fraction of traces that are sampled, with `OTLP_ENDPOINT`."
    )
    log_level: str = Field(
        "INFO",
        pattern=r"^(?i:DEBUG|INFO|WARNING|ERROR)$",
        description="Log level: `DEBUG`, `INFO`, `WARNING` or `ERROR`.",
    )
    log_levels: LogLevels = Field(
        "", description="Log levels of individual loggers: `wasgo_chat.gateway=DEBUG,wasgo_chat.messages=WARNING`."
    )
    log_levels_file: Path | None = Field(
        None, description="File with further log levels, one per line. SIGUSR2 reloads it while the service is running."
    )
