"""How long a token takes to make and to verify, against itsdangerous, as ratios.

itsdangerous signs what it is given as JSON, readable by anybody; ours are encrypted as well.
Both carry the same four facts. The two are timed in turn, and the best round of each counts,
so that what else the machine does concerns neither.
"""

from __future__ import annotations

import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from itsdangerous import URLSafeSerializer

from mailkit.track import Keyring, Purpose

ROUNDS, CALLS = 40, 1000
SENT = datetime(2026, 6, 1, tzinfo=UTC)
FACTS = {"campaign": 7, "person": 123456, "link": 3, "sent": int(SENT.timestamp())}


def best(contenders: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The best time of each, in microseconds a call."""
    times = dict.fromkeys(contenders, float("inf"))
    for _ in range(ROUNDS):
        for name, call in contenders.items():
            times[name] = min(times[name], timeit.timeit(call, number=CALLS) / CALLS * 1e6)
    return times


def main() -> list[tuple[str, float]]:
    keys = Keyring.generate()
    signer = URLSafeSerializer("a secret of at least thirty-two bytes", salt="click")
    ours = keys.mint(Purpose.CLICK, campaign=7, person=123456, link=3, at=SENT)
    theirs = str(signer.dumps(FACTS))
    times = best(
        {
            "mint": lambda: keys.mint(Purpose.CLICK, campaign=7, person=123456, link=3, at=SENT),
            "mint, itsdangerous": lambda: signer.dumps(FACTS),
            "verify": lambda: keys.verify(ours, Purpose.CLICK),
            "verify, itsdangerous": lambda: signer.loads(theirs),
        }
    )
    ratios = [(name, times[name] / times[f"{name}, itsdangerous"]) for name in ("mint", "verify")]
    ratios.append(("token's characters", len(ours) / len(theirs)))
    print(f"{'track: ours / itsdangerous':30} ratio   ours, µs   theirs, µs")
    for name, ratio in ratios[:2]:
        print(f"{name:30} {ratio:5.2f}   {times[name]:8.2f}   {times[f'{name}, itsdangerous']:10.2f}")
    print(f"{'characters':30} {ratios[2][1]:5.2f}   {len(ours):8}   {len(theirs):10}")
    return ratios


if __name__ == "__main__":
    main()
