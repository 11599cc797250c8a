"""What a sender does, as metrics of Prometheus.

Labels have few values: an outcome's state, the mailbox provider, an event's kind and cause. Campaigns
and people are in none of them; they are in the events.
"""

from __future__ import annotations

from typing import Any

from mailkit.event import Event
from mailkit.extras import load
from mailkit.send.jobs import Job
from mailkit.send.outbox import Settlement

__all__ = ["PrometheusWatch"]

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


class PrometheusWatch:
    """Counts for Prometheus what a sender does: `Sender(watch=watch, on_event=watch.on_event)`.

    | metric | labels | |
    | --- | --- | --- |
    | `mailkit_jobs_leased_total` | | jobs taken from the outbox |
    | `mailkit_deliveries_started_total` | provider | deliveries begun |
    | `mailkit_jobs_settled_total` | state, provider | outcomes written down |
    | `mailkit_delivery_seconds` | state | how long deliveries took |
    | `mailkit_events_total` | kind, cause | events, of `on_event` |

    Args:
        registry: Where the metrics are kept; prometheus_client's own if None. One may hold those of one
            watch only, which several senders may share.

    Raises:
        MissingExtra: prometheus_client is not installed.

    >>> from prometheus_client import CollectorRegistry
    >>> figures = CollectorRegistry()
    >>> watch = PrometheusWatch(registry=figures)
    >>> watch.leased(10)
    >>> figures.get_sample_value("mailkit_jobs_leased_total")
    10.0
    """

    def __init__(self, *, registry: Any = None) -> None:
        client = load("prometheus_client", extra="prometheus", purpose="metrics for Prometheus")
        kept = {"registry": client.REGISTRY if registry is None else registry}
        self._leased = client.Counter("mailkit_jobs_leased", "Jobs taken from the outbox.", **kept)
        self._started = client.Counter("mailkit_deliveries_started", "Deliveries begun.", ["provider"], **kept)
        self._settled = client.Counter("mailkit_jobs_settled", "Outcomes written down.", ["state", "provider"], **kept)
        self._seconds = client.Histogram(
            "mailkit_delivery_seconds", "How long deliveries took.", ["state"], buckets=_SECONDS, **kept
        )
        self._events = client.Counter("mailkit_events", "Events.", ["kind", "cause"], **kept)

    def leased(self, count: int) -> None:
        """So many jobs were leased."""
        self._leased.inc(count)

    def started(self, job: Job) -> None:
        """The delivery of a job begins."""
        self._started.labels(job.provider).inc()

    def settled(self, settlement: Settlement, seconds: float) -> None:
        """What came of a job is written down; 0 seconds if nothing was delivered."""
        state = settlement.state.value
        self._settled.labels(state, settlement.lease.job.provider).inc()
        if seconds:
            self._seconds.labels(state).observe(seconds)

    def on_event(self, event: Event) -> None:
        """Count an event; for `Sender.on_event`, or to be called from there."""
        self._events.labels(str(event.kind), str(event.properties.get("cause", ""))).inc()
