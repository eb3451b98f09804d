"""Spans, where traces are on: what the parts of a worker say of their work, and the context that travels with it.

`active` is None where traces are off, and then nothing of this costs more than to look. Whoever makes a span looks
first. The library is loaded by whoever turns traces on (`observability/otel.py`).
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
    """Spans of this worker.

    Args:
        tracer: makes them.
    """

    def __init__(self, tracer: "Tracer") -> None:
        from opentelemetry import trace  # noqa: PLC0415  where traces are off it need not be here
        from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415  loaded where it is on

        self._trace = trace
        self._tracer = tracer
        self._form = tracecontext.TraceContextTextMapPropagator()

    def start_span(
        self,
        name: str,
        kind: Kind = "internal",
        *,
        parent: "SpanContext | None" = None,
        links: Sequence["SpanContext"] = (),
        **attributes: Any,
    ) -> "Span":
        """A span that somebody else ends; below `parent`, or else below what is under way here."""
        return self._tracer.start_span(
            name,
            context=None if parent is None else self._below(parent),
            kind=self._trace.SpanKind[kind.upper()],
            links=[self._trace.Link(one) for one in links],
            attributes=attributes,
        )

    @contextmanager
    def span(self, name: str, kind: Kind = "internal", **more: Any) -> "Iterator[Span]":
        """A span around a block, as `begin` has it. Of an error only its type is kept: its words may be a client's."""
        span = self.start_span(name, kind, **more)
        with self._trace.use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield span
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                span.set_status(self._trace.StatusCode.ERROR)
                raise

    def rename(self, name: str) -> None:
        """Name what is under way here, once it is known what it is."""
        self._trace.get_current_span().update_name(name)

    def span_until_done(self, name: str, outcome: "asyncio.Future[Any]") -> "SpanContext":
        """A span until an outcome is there."""
        span = self.start_span(name)
        outcome.add_done_callback(lambda _: span.end())
        return span.get_span_context()

    def current_context(self) -> "SpanContext | None":
        """Where we are; None where no span is under way."""
        found = self._trace.get_current_span().get_span_context()
        return found if found.is_valid else None

    def inject(self, span: "Span") -> str:
        """A place to go on from, as it travels (W3C Trace Context, `traceparent`)."""
        carrier: dict[str, str] = {}
        self._form.inject(carrier, self._trace.set_span_in_context(span))
        return carrier.get("traceparent", "")

    def extract(self, packed: str) -> "SpanContext | None":
        """The reverse; None for what is none."""
        context = self._form.extract({"traceparent": packed})
        found = self._trace.get_current_span(context).get_span_context()
        return found if found.is_valid else None

    def _below(self, parent: "SpanContext") -> Any:
        return self._trace.set_span_in_context(self._trace.NonRecordingSpan(parent))


def add_trace_ids(_: object, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: a line that is written within a span names it and its trace."""
    if tracer is not None and (here := tracer.current_context()) is not None:
        event["trace_id"] = f"{here.trace_id:032x}"
        event["span_id"] = f"{here.span_id:016x}"
    return event
