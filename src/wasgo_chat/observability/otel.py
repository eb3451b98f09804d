"""Sets up tracing with the OpenTelemetry SDK: exporter, sampling and redaction.

The SDK is loaded only if `OTLP_ENDPOINT` is set. Spans are created through `telemetry/tracing.py`, those of HTTP
requests by FastAPI.
"""

import asyncio
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from wasgo_chat.settings.config import Settings
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.redaction import HIDDEN, redact_path

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

EXPORT_TIMEOUT_S = 2.0
SHUTDOWN_TIMEOUT_S = 3.0
_OFF = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class TracingSetup:
    """Enables tracing in this worker, if it is configured.

    Args:
        settings: endpoint and sampling ratio.
        worker: name of this worker.
    """

    def __init__(self, settings: Settings, worker: str) -> None:
        self._provider: TracerProvider | None = None
        self.telemetry: Any = _OFF
        """The `telemetry` argument of FastAPI. Sockets have separate spans, one per frame."""
        if settings.otlp_endpoint:
            self._provider = _provider(settings.otlp_endpoint, settings.trace_ratio, worker)
            self.telemetry = {
                **_OFF,
                "tracing": True,
                "operation_spans": False,
                "tracer_provider": self._provider,
                "exclude": _is_excluded,
            }
            tracing.tracer = tracing.Tracing(self._provider.get_tracer("wasgo_chat"))

    async def close(self) -> None:
        """Export pending spans, with a timeout in case the collector does not respond."""
        if self._provider is None:
            return
        tracing.tracer = None
        await asyncio.wait(
            [asyncio.create_task(asyncio.to_thread(self._provider.shutdown))], timeout=SHUTDOWN_TIMEOUT_S
        )


def _is_excluded(scope: Scope) -> bool:
    return scope["type"] != "http" or scope["path"] in ("/healthz", "/readyz", "/metrics")


def _provider(endpoint: str, ratio: float, worker: str) -> "TracerProvider":
    if sys.modules.get("opentelemetry.sdk.metrics", ...) is None:
        del sys.modules["opentelemetry.sdk.metrics"]  # blocked in wasgo_chat/__init__.py
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  optional dependency
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  optional dependency
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider  # noqa: PLC0415  optional dependency
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  optional dependency
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415  optional dependency

    class RedactingProcessor(SpanProcessor):
        """Redacts the paths and queries of FastAPI's spans, which can contain tokens and user ids."""

        def on_start(self, span: Span, parent_context: Any = None) -> None:
            attributes = span.attributes or {}
            if "url.path" in attributes:
                span.set_attribute("url.path", redact_path(str(attributes["url.path"])))
            if "url.query" in attributes:
                span.set_attribute("url.query", HIDDEN)

    resource = Resource.create(
        {
            "service.name": "wasgo-chat",
            "service.version": version("wasgo-chat"),
            "service.instance.id": worker,
            "process.pid": os.getpid(),
        }
    )
    # Sampled by trace id, so that all workers make the same decision.
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(ratio))
    provider.add_span_processor(RedactingProcessor())
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
