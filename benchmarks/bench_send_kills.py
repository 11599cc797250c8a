"""How much is lost or sent twice by workers that are killed at random instants, with faults on.

    python -m benchmarks.bench_send_kills --kills 1000

Three servers: our own with faults of every kind, and Postfix and Exim behind a proxy that drops lines. A third of
the kills falls to each. `tests/send/real/kill.py` tells how it is done.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

SERVERS = ("faults", "postfix", "exim")
DEFAULT = 45


def killed(server: str, kills: int, policy: str, seed: int) -> dict[str, Any]:
    """What was found after so many kills."""
    options = ["--server", server, "--kills", str(kills), "--policy", policy, "--seed", str(seed)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.send.real.kill", *options], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(kills: int = DEFAULT, policy: str = "hold", seed: int = 1) -> list[tuple[str, float]]:
    """Print what was found, and give shares of all letters: what was lost and what came twice."""
    each = [kills // 3 + (number < kills % 3) for number in range(3)]
    found = [killed(server, part, policy, seed) for server, part in zip(SERVERS, each, strict=True)]
    columns = ("kills", "letters", "taken", "lost", "left", "duplicates", "unknown and taken", "seconds")
    print(f"workers killed at random instants, seed {seed}, unknown letters under {policy!r}")
    print("  " + f"{'':<10}" + "".join(f"{name:>20}" for name in columns))
    for one in found:
        print("  " + f"{one['server']:<10}" + "".join(f"{one[name]:>20,}" for name in columns))
    letters, total = sum(one["letters"] for one in found), {name: sum(one[name] for one in found) for name in columns}
    unexpected = sum(
        one["duplicates never unknown"] + one["taken, and never told as accepted or unknown"] for one in found
    )
    print(f"  duplicates or letters taken that were not unknown beforehand: {unexpected}")
    return [
        ("send kills: share lost", total["lost"] / letters),
        (f"send kills: share sent twice under {policy!r}", total["duplicates"] / letters),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_send_kills")
    parser.add_argument("--kills", type=int, default=DEFAULT)
    parser.add_argument("--policy", choices=["hold", "retry"], default="hold")
    parser.add_argument("--seed", type=int, default=1)
    print(main(**vars(parser.parse_args())))
