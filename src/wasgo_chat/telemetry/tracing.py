"""Tracing API: spans of a worker, and trace context that is passed on to other workers.

`tracer` is None while tracing is off; callers check it before they create a span, so tracing costs nothing then. The
OpenTelemetry SDK is loaded by `observability/otel.py`.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext, Tracer

Kind = Literal["internal", "server", "producer", "consumer"]

tracer: "Tracing | None" = None
NO_SPAN: AbstractContextManager[None] = nullcontext()


class Tracing:
    """Creates the spans of a worker.

    Args:
        tracer: the OpenTelemetry tracer.
    """

    def __init__(self, tracer: "Tracer") -> None:
        from opentelemetry import trace  # noqa: PLC0415  optional dependency
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415  optional dependency

        self._trace = trace
        self._tracer = tracer
        self._propagator = tracecontext.TraceContextTextMapPropagator()

    def start_span(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: "SpanContext | None" = None,
        links: Sequence["SpanContext"] = (),
        **attributes: Any,
    ) -> "Span":
        """Start a span that the caller ends. Its parent is `parent`, or else the current span."""
        return self._tracer.start_span(
            name,
            context=None if parent is None else self._context_of(parent),
            kind=self._trace.SpanKind[kind.upper()],
            links=[self._trace.Link(context) for context in links],
            attributes=attributes,
        )

    @contextmanager
    def span(self, name: str, kind: Kind = "internal", **options: Any) -> "Iterator[Span]":
        """A span around a block; for arguments see `start_span`. Only the type of an error is recorded."""
        span = self.start_span(name, kind, **options)
        with self._trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(self._trace.StatusCode.ERROR)
                raise

    def rename(self, name: str) -> None:
        """Rename the current span."""
        self._trace.get_current_span().update_name(name)

    def span_until_done(self, name: str, outcome: "asyncio.Future[Any]") -> "SpanContext":
        """Start a span that ends when the future is done."""
        span = self.start_span(name)
        outcome.add_done_callback(lambda _: span.end())
        return span.get_span_context()

    def current_context(self) -> "SpanContext | None":
        """The context of the current span, or None."""
        context = self._trace.get_current_span().get_span_context()
        return context if context.is_valid else None

    def inject(self, span: "Span") -> str:
        """The context of a span as a `traceparent` header value (W3C Trace Context)."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier, self._trace.set_span_in_context(span))
        return carrier.get("traceparent", "")

    def extract(self, traceparent: str) -> "SpanContext | None":
        """Parse a `traceparent` value; None if it is invalid."""
        context = self._propagator.extract({"traceparent": traceparent})
        span_context = self._trace.get_current_span(context).get_span_context()
        return span_context if span_context.is_valid else None

    def _context_of(self, parent: "SpanContext") -> Any:
        return self._trace.set_span_in_context(self._trace.NonRecordingSpan(parent))


def add_trace_ids(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor that adds the ids of the current trace and span."""
    if tracer is not None and (context := tracer.current_context()) is not None:
        event["trace_id"] = f"{context.trace_id:032x}"
        event["span_id"] = f"{context.span_id:016x}"
    return event
