"""What a sender does, as metrics of OpenTelemetry. Attributes have few values, as Prometheus's labels do."""

from __future__ import annotations

from typing import Any

from mailkit.event import Event
from mailkit.extras import load
from mailkit.send.jobs import Job
from mailkit.send.outbox import Settlement

__all__ = ["OpenTelemetryWatch"]


class OpenTelemetryWatch:
    """Counts for OpenTelemetry what a sender does: `Sender(watch=watch, on_event=watch.on_event)`.

    | instrument | attributes | |
    | --- | --- | --- |
    | `mailkit.jobs.leased` | | jobs taken from the outbox |
    | `mailkit.deliveries.started` | `mailkit.provider` | deliveries begun |
    | `mailkit.jobs.settled` | `mailkit.state`, `mailkit.provider` | outcomes written down |
    | `mailkit.delivery.duration` | `mailkit.state` | how long deliveries took, in seconds |
    | `mailkit.events` | `mailkit.kind`, `mailkit.cause` | events, of `on_event` |

    Args:
        provider: The meter provider; the global one if None.

    Raises:
        MissingExtra: opentelemetry-api is not installed.

    >>> from opentelemetry.metrics import NoOpMeterProvider
    >>> OpenTelemetryWatch(provider=NoOpMeterProvider()).leased(10)
    """

    def __init__(self, *, provider: Any = None) -> None:
        metrics = load("opentelemetry.metrics", extra="opentelemetry", purpose="metrics for OpenTelemetry")
        meter = metrics.get_meter("mailkit.send", meter_provider=provider)
        self._leased = meter.create_counter("mailkit.jobs.leased", "{job}", "Jobs taken from the outbox.")
        self._started = meter.create_counter("mailkit.deliveries.started", "{delivery}", "Deliveries begun.")
        self._settled = meter.create_counter("mailkit.jobs.settled", "{job}", "Outcomes written down.")
        self._seconds = meter.create_histogram("mailkit.delivery.duration", "s", "How long deliveries took.")
        self._events = meter.create_counter("mailkit.events", "{event}", "Events.")

    def leased(self, count: int) -> None:
        """So many jobs were leased."""
        self._leased.add(count)

    def started(self, job: Job) -> None:
        """The delivery of a job begins."""
        self._started.add(1, {"mailkit.provider": job.provider})

    def settled(self, settlement: Settlement, seconds: float) -> None:
        """What came of a job is written down; 0 seconds if nothing was delivered."""
        state = settlement.state.value
        self._settled.add(1, {"mailkit.state": state, "mailkit.provider": settlement.lease.job.provider})
        if seconds:
            self._seconds.record(seconds, {"mailkit.state": state})

    def on_event(self, event: Event) -> None:
        """Count an event; for `Sender.on_event`, or to be called from there."""
        cause = str(event.properties.get("cause", ""))
        self._events.add(1, {"mailkit.kind": str(event.kind), "mailkit.cause": cause})
