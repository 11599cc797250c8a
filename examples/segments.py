"""A tour of segments over 18 months of a real music shop: `python examples/segments.py --to tour`.

The log (see examples/data/README.md) has 6,919 orders of 2,357 customers. The program says who is who in it, looks at
one segment condition by condition, asks why one customer is in, and sees how segments overlap. With `--to` it writes
what a notebook would show into `tour.html`.
"""

from __future__ import annotations

import argparse
import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from mailkit import Event
from mailkit.segment import Segment, ago, days, months, overlap, partition
from mailkit.segment import event as ev
from mailkit.segment import field as f

DATA = Path(__file__).parent / "data"
NOW = datetime(1998, 7, 1, tzinfo=UTC)  # the day after the log ends: segments are asked as of any day


def customers() -> list[dict[str, Any]]:
    """The shop's customers, each once; in the file two of them stand twice, as in real files."""
    with (DATA / "customers.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter=";"))
    return list({row["Customer"]: {"id": row["Customer"], "genre": row["Favourite genre"]} for row in rows}.values())


def orders() -> list[Event]:
    """What they bought, and when."""
    found = []
    for line in (DATA / "cdnow_sample.txt").read_text(encoding="ascii").splitlines():
        _, customer, day, discs, dollars = line.split()
        at = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        found.append(
            Event(
                kind="purchase",
                person=customer,
                at=at,
                value=Decimal(dollars),
                currency="USD",
                properties={"discs": int(discs)},
            )
        )
    return found


# Who is who. A segment is written once, shows itself as a sentence, and is asked of anything.
LOYAL = ev.purchase.at_least(3, last=days(365))
LAPSING = ev.purchase.at_least(3) & ev.purchase.none(last=months(4))
BIG = ev.purchase.sum("value") >= 300
ONCE = ev.purchase.exactly(1)

# Whom to write to: jazz lovers who bought often and much this year, but not in the last two months.
WIN_BACK = (
    (f.genre == "Jazz")
    & ev.purchase.at_least(2, last=days(365))
    & (ev.purchase.sum("value", last=days(365)) >= 100)
    & ~(ev.purchase.last("at") > ago(days(60)))
)


def main() -> None:
    """Take the tour."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, help="a folder for tour.html")
    given = parser.parse_args()
    people = customers()
    run: dict[str, Any] = {"events": orders(), "now": NOW}

    print("Who is who, each customer under the first name that fits:\n")
    named = {"loyal": LOYAL, "lapsing": LAPSING, "bought once": ONCE}
    for name, theirs in partition(named, people, **run).items():
        print(f"{len(theirs):6,}  {name or 'everybody else':14}  {named[name] if name else ''}".rstrip())

    print(f"\nWhom to write to:\n\n{WIN_BACK}\n")
    waterfall = WIN_BACK.waterfall(people, **run)
    print(waterfall)

    print("\nWhy is one of them in, and until when?\n")
    somebody = waterfall.inside[0].record
    explanation = WIN_BACK.explain(somebody, **run)
    print(explanation)

    print("\nHow do segments overlap?\n")
    overlaps = overlap({"loyal": LOYAL, "lapsing": LAPSING, "big": BIG, "win back": WIN_BACK}, people, **run)
    print(overlaps)

    if given.to is not None:
        given.to.mkdir(parents=True, exist_ok=True)
        page = given.to / "tour.html"
        page.write_text(html([WIN_BACK, waterfall, explanation, overlaps]), encoding="utf-8")
        print(f"\nWritten: {page}")


def html(shown: list[Segment | Any]) -> str:
    """What a notebook would show, on one page."""
    style = ":root{color-scheme:light dark}body{max-width:60em;margin:2em auto;padding:0 1em}section{margin:2em 0}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{style}</style>'
    body = "\n".join(one._repr_html_() for one in shown)
    return f'<!doctype html><html lang="en"><head><title>Segments</title>{head}</head><body>{body}</body></html>'


if __name__ == "__main__":
    main()
