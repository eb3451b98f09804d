"""Renders metrics in Prometheus text format or OpenMetrics. The metrics are declared in `telemetry/counters.py`.

`prometheus_client` is imported on the first scrape, to keep it out of a worker's start-up time.
"""

from collections.abc import Iterator
from importlib.metadata import version
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from wasgo_chat.telemetry.aggregation import SEPARATOR, MetricsSnapshot
from wasgo_chat.telemetry.counters import COUNTERS, GAUGES, HISTOGRAMS

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PREFIX = "wasgo_chat_"


def render_metrics(snapshot: MetricsSnapshot, accept: str) -> tuple[bytes, str]:
    """The metrics document and its content type.

    Args:
        snapshot: the metrics.
        accept: `Accept` header of the request; it selects Prometheus text format or OpenMetrics.
    """
    from prometheus_client import CollectorRegistry  # noqa: PLC0415  see above
    from prometheus_client.exposition import choose_encoder  # noqa: PLC0415  see above

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(snapshot))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def metric_names() -> set[str]:
    """The names of all series that can be exported, as used in queries."""
    return {
        PREFIX + "build_info",
        *(f"{PREFIX}{name}_total" for name in COUNTERS),
        *(f"{PREFIX}{name}_{part}" for name in HISTOGRAMS for part in ("bucket", "sum", "count")),
        *(PREFIX + name for name in GAUGES),
    }


class _Collector:
    """A custom collector of prometheus_client."""

    def __init__(self, snapshot: MetricsSnapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> "Iterator[Metric]":
        from prometheus_client import core  # noqa: PLC0415  see above

        build = core.GaugeMetricFamily(PREFIX + "build_info", "Version of the service; always 1.", labels=["version"])
        build.add_metric([version("wasgo-chat")], 1)
        yield build
        for name, spec in COUNTERS.items():
            counter = core.CounterMetricFamily(PREFIX + name, spec.help, labels=spec.labels)
            yield _with_values(counter, self._snapshot.counters.get(name, {}))
        for name, histogram_spec in HISTOGRAMS.items():
            if (values := self._snapshot.histograms.get(name)) is not None:
                bounds = [*(str(float(bound)) for bound in histogram_spec.bounds), "+Inf"]
                buckets = list(zip(bounds, accumulate(values.counts), strict=True))
                histogram = core.HistogramMetricFamily(PREFIX + name, histogram_spec.help)
                histogram.add_metric([], buckets, values.total)
                yield histogram
        for name, gauge_spec in GAUGES.items():
            if name in self._snapshot.gauges:
                family = core.GaugeMetricFamily(PREFIX + name, gauge_spec.help, labels=gauge_spec.labels)
                yield _with_values(family, self._snapshot.gauges[name])


def _with_values(family: Any, values: dict[str, float]) -> "Metric":
    for labels, value in values.items():
        family.add_metric(labels.split(SEPARATOR) if labels else [], value)
    metric: Metric = family
    return metric
