"""Turns traces on: OpenTelemetry's SDK, its exporter, and what a span may not hold.

Off unless `OTLP_ENDPOINT` is set, and then nothing of the SDK is loaded. Spans are made where the work is, by
`telemetry/tracing.py`; those of HTTP requests by FastAPI.
"""

import asyncio
import os
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from starlette.types import Scope

from wasgo_chat.core.config import Settings
from wasgo_chat.telemetry import tracing
from wasgo_chat.telemetry.redaction import HIDDEN, redact_path

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

EXPORT_S = 2.0
LAST_S = 3.0
_OFF = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}


class TracingSetup:
    """Whether this worker traces, and the end of it.

    Args:
        settings: where spans go, and how many.
        worker: name of this worker.
    """

    def __init__(self, settings: Settings, worker: str) -> None:
        self._provider: TracerProvider | None = None
        self.telemetry: Any = _OFF
        """What FastAPI is given; sockets have spans of their own, a frame each."""
        if settings.otlp_endpoint:
            self._provider = _provider(settings.otlp_endpoint, settings.trace_ratio, worker)
            self.telemetry = {
                **_OFF,
                "tracing": True,
                "operation_spans": False,
                "tracer_provider": self._provider,
                "exclude": _is_left_out,
            }
            tracing.tracer = tracing.Tracing(self._provider.get_tracer("wasgo_chat"))

    async def close(self) -> None:
        """Send what waits; a collector that does not answer holds up nobody for long."""
        if self._provider is None:
            return
        tracing.tracer = None
        await asyncio.wait([asyncio.create_task(asyncio.to_thread(self._provider.shutdown))], timeout=LAST_S)


def _is_left_out(scope: Scope) -> bool:
    return scope["type"] != "http" or scope["path"] in ("/healthz", "/readyz", "/metrics")


def _provider(endpoint: str, ratio: float, worker: str) -> "TracerProvider":
    if sys.modules.get("opentelemetry.sdk.metrics", ...) is None:
        del sys.modules["opentelemetry.sdk.metrics"]  # barred by our package, see there
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415  see above
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415  loaded where it is on
    from opentelemetry.sdk.trace import Span, SpanProcessor, TracerProvider  # noqa: PLC0415  loaded where it is on
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  loaded where it is on
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415  loaded where it is on

    class Discretion(SpanProcessor):
        """FastAPI's spans have whole paths and queries: links with tokens, tickets, people."""

        def on_start(self, span: Span, parent_context: Any = None) -> None:
            """See SpanProcessor."""
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
    # By the trace's id alone, so that all workers decide alike.
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(ratio))
    provider.add_span_processor(Discretion())
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
