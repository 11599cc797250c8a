"""Testing: stand-ins for the world outside, for the tests of applications and our own.

- `SMTPServer` is a real mail server on loopback that answers as it is told: it refuses, defers,
  greylists, drops the line, lacks extensions, and keeps a log;
- `DelayProxy` puts a distance between a client and a server;
- `DNSZone` is a real name server on loopback, made from a dict;
- `FakeClock` waits without waiting, and `MemoryTransport` sends without sending;
- `check_outbox` checks any implementation of `send.Outbox`, and `check_transport` any of `send.Transport`;
- `strategies` draws mailkit's values for hypothesis.

pytest finds the fixtures `mailkit_clock`, `mailkit_server` and `mailkit_zone` by itself.

>>> from datetime import UTC, datetime, timedelta
>>> clock = FakeClock(datetime(2026, 3, 1, tzinfo=UTC))
>>> clock.advance(timedelta(days=1))
>>> clock.now().day
2

The fixtures and the strategies need the extra "testing".
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mailkit.extras import load
from mailkit.testing.clock import FakeClock

if TYPE_CHECKING:
    from mailkit.testing import strategies
    from mailkit.testing.answers import Answer
    from mailkit.testing.contracts import check_transport
    from mailkit.testing.delay import DelayProxy
    from mailkit.testing.outboxes import check_outbox
    from mailkit.testing.server import SMTPServer
    from mailkit.testing.transport import MemoryTransport
    from mailkit.testing.zone import DNSZone

__all__ = [
    "Answer",
    "DNSZone",
    "DelayProxy",
    "FakeClock",
    "MemoryTransport",
    "SMTPServer",
    "check_outbox",
    "check_transport",
    "strategies",
]

_HOMES: Final = {
    "Answer": "answers",
    "DNSZone": "zone",
    "DelayProxy": "delay",
    "MemoryTransport": "transport",
    "SMTPServer": "server",
    "check_outbox": "outboxes",
    "check_transport": "contracts",
}


def __getattr__(name: str) -> Any:
    if name == "strategies":
        load("hypothesis", extra="testing", purpose="the strategies")
        return import_module("mailkit.testing.strategies")
    if name not in _HOMES:
        raise AttributeError(f"module 'mailkit.testing' has no attribute {name!r}")
    return getattr(import_module(f"mailkit.testing.{_HOMES[name]}"), name)
