"""One connection to a server 20 ms away: PIPELINING and BDAT against aiosmtplib, which waits for each answer.

    python -m benchmarks send_far

A delay proxy stands before the server, as a process of its own. Every round runs each row once, on each of three
servers: our own, Postfix and Exim, the last two where they are installed. 10 KB a letter; medians of the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.bench_send import ours
from benchmarks.send_peers import Cost, aiosmtplib_pool
from tests.send.real.exim import Exim
from tests.send.real.kill import process
from tests.send.real.postfix import Postfix
from tests.send.real.servers import Missing

ROUNDS, ROUND_TRIP_MS, DEPTH = 3, 20, 8

ROWS: tuple[tuple[str, int, Callable[[int, int], Cost]], ...] = (
    ("aiosmtplib, one connection", 60, lambda port, n: aiosmtplib_pool(port, n, connections=1)),
    ("PIPELINING, DATA", 200, lambda port, n: ours(port, n, connections=1, bdat_depth=0)),
    ("BDAT, 1 under way", 200, lambda port, n: ours(port, n, connections=1, bdat_depth=1)),
    (f"BDAT, {DEPTH} under way", 800, lambda port, n: ours(port, n, connections=1, bdat_depth=DEPTH)),
)


@contextmanager
def server_named(name: str) -> Iterator[int]:
    """A server that offers CHUNKING, by its port."""
    if name == "mailkit.testing":
        with process("mailkit.testing.server") as port:
            yield port
    else:
        with Postfix() if name == "Postfix" else Exim() as server:
            yield server.port


def measured(name: str) -> dict[str, float]:
    """Letters a second of each row, over one server."""
    rates: dict[str, list[float]] = {row: [] for row, _, _ in ROWS}
    with (
        server_named(name) as port,
        process("mailkit.testing.delay", "--to", str(port), "--round-trip-ms", str(ROUND_TRIP_MS)) as far,
    ):
        for _ in range(ROUNDS):
            for row, messages, send in ROWS:
                rates[row].append(send(far, messages).rate)
    return {row: median(some) for row, some in rates.items()}


def main() -> list[tuple[str, float]]:
    """Print a table, and give the ratios to aiosmtplib."""
    ratios = []
    print(f"one connection, {ROUND_TRIP_MS} ms a round trip: letters a second, and as ratios to aiosmtplib")
    for name in ("mailkit.testing", "Postfix", "Exim"):
        try:
            rates = measured(name)
        except Missing as why:
            print(f"  {name}: {why}")
            continue
        first = rates[ROWS[0][0]]
        for row, rate in rates.items():
            print(f"  {name:<18}{row:<34}{rate:>9,.0f}{rate / first:>8.1f}")
            ratios.append((f"send far: {name}, {row}", rate / first))
    return ratios


if __name__ == "__main__":
    main()
