"""Reading DMARC aggregate reports, beside parsedmarc and beside a bare `iterparse` loop that keeps nothing.

    python -m benchmarks dns_reports

The report is made up: as many addresses as records, and all fields that big receivers write. All take
turns in one process over the same bytes, and the best turn of each counts, in time of the processor.
parsedmarc is asked offline, without its look-ups. It is no dependency of ours; where it is not
installed, that is said, and the rest is measured. Memory is the peak of a process of its own that reads
a report which is never there as a whole.
"""

from __future__ import annotations

import gc
import io
import random
import subprocess
import sys
import time
from collections.abc import Callable
from xml.etree import ElementTree

from mailkit.dns import aggregate

RECORDS, ROUNDS = 4_000, 7
HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<feedback>
  <report_metadata>
    <org_name>receiver.example</org_name>
    <email>dmarc@receiver.example</email>
    <report_id>7</report_id>
    <date_range><begin>1793491200</begin><end>1793577599</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>shop.example</domain><adkim>r</adkim><aspf>r</aspf><p>none</p><sp>none</sp><pct>100</pct><fo>0</fo>
  </policy_published>
"""
RECORD = """  <record>
    <row>
      <source_ip>{ip}</source_ip>
      <count>{count}</count>
      <policy_evaluated>
        <disposition>none</disposition>
        <dkim>{dkim}</dkim>
        <spf>{spf}</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <envelope_from>bounce.shop.example</envelope_from>
      <header_from>shop.example</header_from>
    </identifiers>
    <auth_results>
      <dkim>
        <domain>shop.example</domain>
        <selector>s{selector}</selector>
        <result>{dkim}</result>
      </dkim>
      <spf>
        <domain>bounce.shop.example</domain>
        <scope>mfrom</scope>
        <result>{spf}</result>
      </spf>
    </auth_results>
  </record>
"""
MEMORY = """
import sys
from benchmarks.bench_dns_reports import Endless
from mailkit.dns import aggregate
number = int(sys.argv[1])
assert sum(1 for _ in aggregate.rows(Endless(number))) == number
print(int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]))
"""


def record(number: int, rng: random.Random) -> str:
    ip = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    dkim, spf = rng.choice(("pass", "fail")), rng.choice(("pass", "fail"))
    return RECORD.format(ip=ip, count=rng.randrange(1, 99), dkim=dkim, spf=spf, selector=rng.randrange(5))


def report(records: int) -> bytes:
    rng = random.Random(1)
    return (HEAD + "".join(record(number, rng) for number in range(records)) + "</feedback>\n").encode()


class Endless:
    """A file whose records are made while they are read."""

    def __init__(self, records: int) -> None:
        self.rng, self.left, self.next, self.held = random.Random(1), records, 0, HEAD.encode()

    def read(self, size: int = -1) -> bytes:
        while len(self.held) < size and self.next < self.left:
            some = range(self.next, min(self.next + 100, self.left))
            self.held += "".join(record(number, self.rng) for number in some).encode()
            self.next = some.stop
        found, self.held = self.held[:size], self.held[size:]
        return found


def ours(data: bytes) -> int:
    return sum(1 for _ in aggregate.rows(data))


def bare(data: bytes) -> int:
    found = 0
    for _, element in ElementTree.iterparse(io.BytesIO(data)):
        if element.tag == "record":
            found += 1
            element.clear()
    return found


def peers() -> dict[str, Callable[[bytes], int]]:
    found: dict[str, Callable[[bytes], int]] = {"mailkit": ours, "bare iterparse": bare}
    try:
        import parsedmarc  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        print("parsedmarc is not installed here, so it is not compared with")
        return found

    def theirs(data: bytes) -> int:
        told = parsedmarc.parse_aggregate_report_xml(data, offline=True, always_use_local_files=True)
        return len(told["records"])

    return {**found, f"parsedmarc {parsedmarc.__version__}": theirs}


def main() -> None:
    data, best = report(RECORDS), dict[str, float]()
    everybody = peers()
    for _ in range(ROUNDS):
        for name, read in everybody.items():
            gc.collect()
            start = time.process_time()
            assert read(data) == RECORDS
            best[name] = min(best.get(name, 1e9), time.process_time() - start)
    print(f"{RECORDS} records of {len(data) // RECORDS} bytes, best of {ROUNDS} turns")
    for name, seconds in best.items():
        print(f"  {name:18} {RECORDS / seconds:>10,.0f} records/s   {seconds / best['mailkit']:5.1f} times our time")
    for records in (20_000, 1_000_000):
        command = [sys.executable, "-c", MEMORY, str(records)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        print(f"  {records:>9,} records: the process took {int(told) / 1024:.1f} MB at its peak")


if __name__ == "__main__":
    main()
