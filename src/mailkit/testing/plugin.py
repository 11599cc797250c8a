"""Fixtures for pytest, which finds them by itself once mailkit-sdk is installed with the extra "testing"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mailkit.testing.clock import FakeClock
    from mailkit.testing.server import SMTPServer
    from mailkit.testing.zone import DNSZone

__all__ = ["mailkit_clock", "mailkit_server", "mailkit_zone"]


@pytest.fixture
def mailkit_clock() -> FakeClock:
    """A clock that stands at noon of 1 March 2026, UTC, until it is advanced or slept on."""
    from mailkit.testing.clock import FakeClock

    return FakeClock(datetime(2026, 3, 1, 12, tzinfo=UTC))


@pytest.fixture
def mailkit_server() -> Iterator[Callable[..., SMTPServer]]:
    """What starts mail servers on loopback with the arguments of `SMTPServer`; they end with the test."""
    from mailkit.testing.server import SMTPServer

    with ExitStack() as running:
        yield lambda **options: running.enter_context(SMTPServer(**options))


@pytest.fixture
def mailkit_zone() -> Iterator[Callable[[Mapping[str, Mapping[str, Any]]], DNSZone]]:
    """What starts name servers on loopback with the arguments of `DNSZone`; they end with the test."""
    from mailkit.testing.zone import DNSZone

    with ExitStack() as running:
        yield lambda zone, **options: running.enter_context(DNSZone(zone, **options))
