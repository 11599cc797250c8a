"""How near a check of a rich domain comes to its critical path, and what it asks twice (nothing).

The domain has includes within includes, eight selectors, six mail servers with addresses and TLSA, and
eight sending addresses with names that lead back to them: some sixty distinct questions, in chains that
depend on each other. A name server in a process of its own answers each after 50 ms. The critical path is
the longest chain times 50 ms; a check that asks one question after another takes as many times 50 ms as it asks.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from statistics import median
from typing import Any

from mailkit.dns import AsyncResolver, BlockingResolver, DictResolver, Query
from mailkit.dns.audit import questions
from mailkit.dns.cache import Cache
from mailkit.dns.drive import drive, drive_blocking
from mailkit.dns.lookup import Check, Outcome, ask, each

ROUNDS, LATENCY = 7, 0.05
DOMAIN = "news.example.com"
SELECTORS = [f"s{number}" for number in range(8)]
HOSTS = [f"mx{number}.example.net" for number in range(6)]
ADDRESSES = [f"203.0.113.{number}" for number in range(4)] + [f"2001:db8::{number}" for number in range(4)]
NOW = datetime(2026, 11, 28, tzinfo=UTC)
DEADLINE = timedelta(seconds=60)
SERVER = """
import json, sys
from mailkit.testing import DNSZone
with DNSZone(json.loads(sys.argv[1]), latency=float(sys.argv[2])) as zone:
    print(zone.port, flush=True)
    for line in sys.stdin:
        print(json.dumps(zone.questions()), flush=True)
        zone._asked.clear()
"""


def rich_zone() -> dict[str, Any]:
    """The zone, in the form of `mailkit.testing.DNSZone`."""
    zone: dict[str, Any] = {
        DOMAIN: {
            "TXT": ["v=spf1 include:a.example.org include:b.example.org mx -all"],
            "MX": [[10, host] for host in HOSTS],
            "A": ["192.0.2.80"],
        },
        "_dmarc.example.com": {"TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"]},
        "a.example.org": {"TXT": ["v=spf1 include:c.example.org include:d.example.org ip4:192.0.2.0/26 ~all"]},
        "b.example.org": {
            "TXT": [
                "v=spf1 include:e.example.org include:f.example.org include:g.example.org include:h.example.org "
                "ip4:192.0.2.64/26 ~all"
            ]
        },
    }
    zone |= {f"{name}.example.org": {"TXT": ["v=spf1 ip4:198.51.100.0/24 ~all"]} for name in "cdefgh"}
    zone |= {f"{name}._domainkey.{DOMAIN}": {"TXT": ["v=DKIM1; p="]} for name in SELECTORS}
    for number, host in enumerate(HOSTS):
        address = f"203.0.113.{number}"
        zone[host] = {"A": [address], "AAAA": [f"2001:db8::{number}"]}
        zone[ip_address(address).reverse_pointer] = {"PTR": [host]}
        zone[ip_address(f"2001:db8::{number}").reverse_pointer] = {"PTR": [f"v6-{host}"]}
        zone[f"v6-{host}"] = {"AAAA": [f"2001:db8::{number}"]}
    return zone


def whole() -> Check[Any]:
    """The whole check, as `dns.check` makes it."""
    return questions(DOMAIN, selectors=SELECTORS, sends_through=ADDRESSES, now=NOW)


def _one(name: str, kind: str) -> Check[Outcome]:
    return (yield from ask(Query(name, kind)))


class Sleeper:
    """A resolver without a network: the latency and nothing else."""

    def __init__(self) -> None:
        flat = {
            (name, kind): _flat(kind, values) for name, node in rich_zone().items() for kind, values in node.items()
        }
        self._inner = DictResolver(flat)

    async def resolve(self, query: Query) -> Outcome:
        await asyncio.sleep(LATENCY)
        return self._inner.resolve(query)


def _flat(kind: str, values: list[Any]) -> list[Any]:
    return [f"{value[0]} {value[1]}" for value in values] if kind == "MX" else values


@contextmanager
def served(zone: dict[str, Any], latency: float) -> Iterator[tuple[int, Any]]:
    """A name server in a process of its own: its port, and what tells what was asked since the last time."""
    command = [sys.executable, "-c", SERVER, json.dumps(zone), str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def asked() -> list[tuple[str, str]]:
            process.stdin.write("\n")
            process.stdin.flush()
            return [tuple(one) for one in json.loads(process.stdout.readline())]

        try:
            yield int(process.stdout.readline()), asked
        finally:
            process.stdin.close()


def timed(resolver: Any, check: Any = whole) -> float:
    async def once() -> float:
        begin = time.perf_counter()
        await drive(check(), resolver, deadline=DEADLINE)
        return time.perf_counter() - begin

    return asyncio.run(once())


def dead() -> Check[Any]:
    return (yield from each(_one(name, "TXT") for name in ("dead1.example", "dead2.example")))


def main() -> list[tuple[str, float]]:
    depth = round(min(timed(Sleeper()) for _ in range(3)) / LATENCY)
    path = depth * LATENCY
    with served(rich_zone(), LATENCY) as (port, asked):
        settings: dict[str, Any] = {"nameservers": ["127.0.0.1"], "port": port}
        timed(AsyncResolver(**settings))
        first = asked()
        cached = AsyncResolver(**settings, cache=Cache())
        timed(cached)
        times: dict[str, list[float]] = {"waiting": [], "asking": [], "cached": []}
        for _ in range(ROUNDS):  # in turn, so that what else the machine does concerns all of them
            times["waiting"].append(timed(Sleeper()))
            times["asking"].append(timed(AsyncResolver(**settings)))
            times["cached"].append(timed(cached))
        begin = time.perf_counter()
        drive_blocking(whole(), BlockingResolver(**settings), deadline=DEADLINE)
        in_turn = time.perf_counter() - begin
    with served({"dead1.example": {"TIMEOUT": True}, "dead2.example": {"TIMEOUT": True}}, 0.0) as (port, _):
        half = timedelta(seconds=0.5)
        silent = timed(AsyncResolver(nameservers=["127.0.0.1"], port=port, timeout=half), dead)
    twice = len(first) - len(set(first))
    print(f"dns: {len(set(first))} distinct questions, {twice} asked twice, {depth} in a row at {LATENCY * 1e3:.0f} ms")
    ratios = [
        ("all at once / critical path, best", min(times["asking"]) / path),
        ("all at once / critical path, median", median(times["asking"]) / path),
        ("the same without a network, median", median(times["waiting"]) / path),
        ("all at once / without a network", median(times["asking"]) / median(times["waiting"])),
        ("from a cache / critical path", median(times["cached"]) / path),
        ("one after another / critical path", in_turn / path),
        ("two dead names / one's budget", silent / 1.0),
    ]
    for name, ratio in ratios:
        print(f"{name:38} {ratio:6.2f}")
    print("checkdmarc, one question after another, took 19 to 20 (6.0.4, 74 questions); it is not run here")
    return ratios


if __name__ == "__main__":
    main()
