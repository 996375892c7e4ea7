"""`/metrics`: all that is counted and measured, for Prometheus; the one door to prometheus_client.

What there is stands in `monitor.metrics`; here it only gets its text form, with what the client knows of
this process (`process_*`). Asks for the page's password like any other page: it names sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from monitor.metrics import Family, Histogram
from monitor.web import Answer, Asked, Page, Site


def metrics(site: Site, asked: Asked) -> Answer:
    """Return the metrics in the form that is asked for: OpenMetrics or Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(site.metrics()))
    ProcessCollector(registry=registry)
    encode, media_type = choose_encoder(asked.headers.get("accept", ""))
    return Answer(body=encode(registry), media_type=media_type)


class _Families(Collector):
    """Our families as the client's."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Yield each family; one without values says at least that it is there."""
        return map(_family, self._families)


def _family(family: Family) -> Metric:
    labels = list(family.labels)
    made: CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily
    if family.kind == "histogram":
        made = HistogramMetricFamily(family.name, family.help, labels=labels)
    elif family.kind == "counter":
        made = CounterMetricFamily(family.name, family.help, labels=labels)
    else:
        made = GaugeMetricFamily(family.name, family.help, labels=labels)
    for names, value in sorted(family.values.items()):
        if isinstance(made, HistogramMetricFamily):
            assert isinstance(value, Histogram)
            made.add_metric(list(names), list(_buckets(value)), value.total)
        else:
            assert not isinstance(value, Histogram)
            made.add_metric(list(names), value)
    return made


def _buckets(value: Histogram) -> Iterator[tuple[str, float]]:
    """Yield each bound with how many values do not pass it."""
    bounds = [*map(floatToGoString, value.bounds), "+Inf"]
    return zip(bounds, map(float, accumulate(value.counts)), strict=True)


PAGES = (Page(path="/metrics", reply=metrics),)
