"""The numbers of a machine in the text format of Prometheus. What they are, `telemetry/counters.py` says.

The library is loaded when somebody scrapes: it would be felt in the time that a worker takes to start.
"""

from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from wasgo_chat.telemetry.aggregation import SEPARATOR, MetricsSnapshot
from wasgo_chat.telemetry.counters import COUNTERS, GAUGES, HISTOGRAMS, WorkerCounters

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PREFIX = "wasgo_chat_"


def render_metrics(whole: MetricsSnapshot, accept: str) -> tuple[bytes, str]:
    """The document, and its content type: as plain text or as OpenMetrics, whichever is asked for.

    Args:
        whole: the numbers.
        accept: the header of that name.
    """
    from prometheus_client import CollectorRegistry  # noqa: PLC0415  see above
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415  loaded where it is on

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(whole))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def metric_names() -> set[str]:
    """Every series that may be exposed, as a query names it."""
    return {
        PREFIX + "build_info",
        *(f"{PREFIX}{name}_total" for name in COUNTERS),
        *(f"{PREFIX}{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")),
        *(PREFIX + name for name in GAUGES),
    }


class _Collected:
    """A collector, as the library asks for one."""

    def __init__(self, whole: MetricsSnapshot) -> None:
        self._whole = whole

    def collect(self) -> "Iterator[Metric]":
        """All metrics, in the order of their catalogue."""
        from prometheus_client import core  # noqa: PLC0415  see above

        build = core.GaugeMetricFamily(PREFIX + "build_info", "What runs; always 1.", labels=["version"])
        build.add_metric([version("wasgo-chat")], 1)
        yield build
        for name, counted in COUNTERS.items():
            counter = core.CounterMetricFamily(PREFIX + name, counted.help, labels=counted.labels)
            yield _filled(counter, self._whole.counters.get(name, {}))
        for name, counted in HISTOGRAMS.items():
            if (heap := self._whole.histograms.get(name)) is not None:
                bounds = [*(str(float(bound)) for bound in getattr(_EMPTY, name).bounds), "+Inf"]
                buckets = list(zip(bounds, accumulate(heap.counts), strict=True))
                histogram = core.HistogramMetricFamily(PREFIX + name, counted.help)
                histogram.add_metric([], buckets, heap.total)
                yield histogram
        for name, gauge in GAUGES.items():
            if name in self._whole.gauges:
                family = core.GaugeMetricFamily(PREFIX + name, gauge.help, labels=gauge.labels)
                yield _filled(family, self._whole.gauges[name])


def _filled(family: Any, values: dict[str, float]) -> "Metric":
    for labels, value in values.items():
        family.add_metric(labels.split(SEPARATOR) if labels else [], value)
    filled: Metric = family
    return filled


_EMPTY = WorkerCounters()
