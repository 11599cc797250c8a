"""A domain's way from p=none to p=reject, month by month: `python examples/dmarc_rollout.py --to reports`.

The reports are made up, and written as files the way receivers send them. Each fortnight the program reads those of
the last four weeks, says what stands before the next stage, and, when it is open, publishes the record. A vendor that
was forgotten is set up after the first fortnight, since the plan names it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailkit.dns import Answer, Query, aggregate, monitor, rollout
from mailkit.dns.aggregate import Row
from mailkit.dns.dmarc import Record

DOMAIN, START, FORTNIGHT = "shop.example", datetime(2026, 9, 1, tzinfo=UTC), timedelta(days=14)
NAME = Query(f"_dmarc.{DOMAIN}")
RECORD = """<record><row><source_ip>{ip}</source_ip><count>{count}</count><policy_evaluated>
<disposition>{done}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row><identifiers><header_from>shop.example</header_from></identifiers>
<auth_results><dkim><domain>{signer}</domain><selector>{selector}</selector><result>pass</result></dkim>
<spf><domain>{path}</domain><result>pass</result></spf></auth_results></record>"""


def report(day: datetime, policy: str, *, is_mended: bool, rng: random.Random) -> bytes:
    """One day as a receiver tells it: our own mail, Mailchimp's, a forwarder's and a forger's."""

    def record(ip: str, count: int, signer: str, selector: str, path: str) -> str:
        dkim, spf = ("pass" if domain.endswith(DOMAIN) else "fail" for domain in (signer, path))
        done = "none" if "pass" in (dkim, spf) else policy
        return RECORD.format(
            ip=ip, count=count, done=done, dkim=dkim, spf=spf, signer=signer, selector=selector, path=path
        )

    records = [
        record("192.0.2.10", rng.randrange(400, 600), DOMAIN, "news", f"bounce.{DOMAIN}"),
        record("198.51.100.20", rng.randrange(30, 60), DOMAIN if is_mended else "mcsv.net", "k1", "mail1.mcsv.net"),
        record("203.0.113.30", rng.randrange(3, 9), DOMAIN, "news", "alumni.example"),
        record(f"203.0.114.{rng.randrange(256)}", rng.randrange(10, 90), "forger.example", "x", "forger.example"),
    ]
    begin = int(day.timestamp())
    return f"""<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><version>1.0</version>
<report_metadata><org_name>receiver.example</org_name><email>dmarc@receiver.example</email><report_id>{begin}</report_id>
<date_range><begin>{begin}</begin><end>{begin + 86399}</end></date_range></report_metadata>
<policy_published><domain>{DOMAIN}</domain><p>{policy}</p></policy_published>{"".join(records)}</feedback>""".encode()


def rows_since(folder: Path, since: datetime) -> Iterator[Row]:
    """The rows of the reports that came since then."""
    for path in sorted(folder.glob("*.xml.gz")):
        yield from (row for row in aggregate.rows(path) if row.report.begin and row.report.begin >= since)


def main() -> None:
    """Go from stage to stage, and print each look at the reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, default=Path("reports"), help="the folder to write to")
    folder: Path = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    rng, record, now, is_mended, last = (
        random.Random(7),
        f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}",
        START,
        False,
        None,
    )
    while True:
        for day in (now + timedelta(days=number) for number in range(14)):
            policy = rollout.stage_of(Record.parse(record)).value.replace("testing", "none")
            content = gzip.compress(report(day, policy, is_mended=is_mended, rng=rng))
            (folder / f"receiver.example!{DOMAIN}!{int(day.timestamp())}.xml.gz").write_bytes(content)
        now += FORTNIGHT
        snapshot = monitor.Snapshot.of(DOMAIN, {NAME: Answer([record])}, now=now, before=last)
        for event in monitor.changes(last or snapshot, snapshot):
            print(f"{now:%Y-%m-%d}  {event.kind}: {event.properties['after']}")
        (folder / "snapshot.json").write_text(json.dumps(snapshot.to_json(), indent=1), encoding="utf-8")
        last = snapshot
        plan = rollout.plan(rows_since(folder, now - FORTNIGHT), record, now=now)
        state = "open" if plan.is_open else "shut" if plan.next_stage else "done"
        print(f"{now:%Y-%m-%d}  {plan.stage:10} {state}")
        for blocker in plan.blockers:
            print(f"            {blocker}")
            is_mended = True  # somebody has read this, and set DKIM up at the vendor
        if plan.next_stage is None:
            print(aggregate.sources(rows_since(folder, now - FORTNIGHT)))
            return
        if plan.is_open and plan.record:
            record = plan.record.text


if __name__ == "__main__":
    main()
