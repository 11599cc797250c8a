"""What a sender does is counted for Prometheus and OpenTelemetry alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client import CollectorRegistry

from mailkit.envelope import Envelope
from mailkit.event import Kind
from mailkit.integrations.opentelemetry import OpenTelemetryWatch
from mailkit.integrations.prometheus import PrometheusWatch
from mailkit.send import Job, JobState, MemoryOutbox, Sender
from mailkit.send.outbox import Lease, Settlement
from mailkit.testing import MemoryTransport

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def job(provider: str) -> Job:
    return Job(
        person="17",
        envelope=Envelope(sender="shop@example.com", recipient="anna@example.org"),
        message_id="1@example.com",
        date=NOW,
        raw=b"Subject: Hello",
        provider=provider,
    )


def act(watch: Any) -> None:
    watch.leased(3)
    for state, provider, seconds in (
        (JobState.ACCEPTED, "gmail", 0.2),
        (JobState.ACCEPTED, "gmail", 0.4),
        (JobState.SUPPRESSED, "yahoo", 0),
    ):
        one = job(provider)
        if seconds:
            watch.started(one)
        lease = Lease(number=1, job=one, epoch=1, tries=0, until=NOW, queued_at=NOW)
        watch.settled(Settlement(lease=lease, state=state, event=None), seconds)
    watch.on_event(job("gmail").event(Kind.ACCEPTED, NOW))
    watch.on_event(job("gmail").event(Kind.BOUNCED, NOW, cause="userunknown"))


def test_prometheus_has_the_figures() -> None:
    figures = CollectorRegistry()
    act(PrometheusWatch(registry=figures))
    value = figures.get_sample_value
    assert value("mailkit_jobs_leased_total") == 3
    assert value("mailkit_deliveries_started_total", {"provider": "gmail"}) == 2
    assert value("mailkit_deliveries_started_total", {"provider": "yahoo"}) is None
    assert value("mailkit_jobs_settled_total", {"state": "accepted", "provider": "gmail"}) == 2
    assert value("mailkit_jobs_settled_total", {"state": "suppressed", "provider": "yahoo"}) == 1
    assert value("mailkit_delivery_seconds_sum", {"state": "accepted"}) == pytest.approx(0.6)
    assert value("mailkit_delivery_seconds_count", {"state": "suppressed"}) is None
    assert value("mailkit_events_total", {"kind": "bounced", "cause": "userunknown"}) == 1
    assert value("mailkit_events_total", {"kind": "accepted", "cause": ""}) == 1


def test_opentelemetry_has_the_same() -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    act(OpenTelemetryWatch(provider=provider))
    data: Any = reader.get_metrics_data()
    found: dict[Any, Any] = {}
    for metric in data.resource_metrics[0].scope_metrics[0].metrics:
        for point in metric.data.data_points:
            key = metric.name.removeprefix("mailkit."), *(value for _, value in sorted(point.attributes.items()))
            found[key] = point.value if hasattr(point, "value") else (point.count, round(point.sum, 3))
    provider.shutdown()
    assert found == {
        ("jobs.leased",): 3,
        ("deliveries.started", "gmail"): 2,
        ("jobs.settled", "gmail", "accepted"): 2,
        ("jobs.settled", "yahoo", "suppressed"): 1,
        ("delivery.duration", "accepted"): (2, 0.6),
        ("events", "", "accepted"): 1,
        ("events", "userunknown", "bounced"): 1,
    }


def test_a_sender_tells_both() -> None:
    figures = CollectorRegistry()
    watch = PrometheusWatch(registry=figures)
    transport = MemoryTransport({"n3@example.org": "550 5.1.1 No such user"})
    sender = Sender(transport=transport, outbox=MemoryOutbox(), watch=watch, on_event=watch.on_event, progress=False)
    people = [f"n{number}@example.org" for number in range(5)]
    sender.add_sync(
        attrs.evolve(job("gmail"), message_id=name, envelope=Envelope(sender="shop@example.com", recipient=name))
        for name in people
    )
    sender.run_sync()
    value = figures.get_sample_value
    assert value("mailkit_jobs_leased_total") == 5
    assert value("mailkit_jobs_settled_total", {"state": "accepted", "provider": "gmail"}) == 4
    assert value("mailkit_delivery_seconds_count", {"state": "bounced"}) == 1
    assert value("mailkit_events_total", {"kind": "bounced", "cause": "userunknown"}) == 1


def test_prometheus_has_a_registry_of_its_own() -> None:
    import prometheus_client

    watch = PrometheusWatch()
    watch.leased(1)
    assert prometheus_client.REGISTRY.get_sample_value("mailkit_jobs_leased_total") == 1
    for name in ("_leased", "_started", "_settled", "_seconds", "_events"):
        prometheus_client.REGISTRY.unregister(getattr(watch, name))
