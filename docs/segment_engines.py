# ruff: noqa: E501 - a page is written as it is to stand
"""Write the table in `docs/reference/segment-engines.md`: `python docs/segment_engines.py`.

Every example is also run on the engines by the tests, over people and events with nulls and
ties, and its answer compared with that of plain Python: so a "yes" is not a promise.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

from mailkit.errors import NotPortable
from mailkit.segment import Segment, ago, days, distance, months, this, today
from mailkit.segment import event as ev
from mailkit.segment import field as f
from mailkit.segment.sql import Column, Columns, Dialect

PAGE: Final = Path(__file__).parent / "reference" / "segment-engines.md"
NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOSCOW: Final = "Europe/Moscow"
BERLIN: Final = "Europe/Berlin"

# Every node of the tree, and what makes a difference within one.
EXAMPLES: Final[tuple[tuple[str, str, Segment], ...]] = (
    ("Comparison", "of texts, by code points", f.city < "Kazan"),
    ("", "of whole numbers with any number", f.age >= 17.5),
    ("", "of floats with any number", f.weight < Decimal("0.1")),
    ("", "of decimals with any number", f.balance >= 0.1),
    ("", "of a whole number with a decimal column", f.age > f.balance),
    ("", "of a float with a whole-number column", f.age > f.weight),
    ("", "of dates, and of times", (f.born < date(2000, 1, 1)) & (f.joined_at > ago(days(30)))),
    ("", "of a date with a time", f.born < datetime(2000, 1, 1, tzinfo=UTC)),
    ("OneOf", "", f.city.isin(["Kazan", "Ufa"])),
    ("TextTest", "contains", f.nick.contains("a")),
    ("", "starts with, ends with", f.nick.startswith("K") | f.nick.endswith("n")),
    ("", "matches", f.nick.matches("^K")),
    ("", "a list contains", f.tags.contains("Ufa")),
    ("IsNull", "", f.city.is_null()),
    ("Anniversary", "of a date", f.born.anniversary(next=days(3), zone=MOSCOW)),
    ("", "of a time, where clocks are changed no more", f.joined_at.anniversary(next=days(30), zone=MOSCOW)),
    ("", "of a time, where they are changed every year", f.joined_at.anniversary(next=days(30), zone=BERLIN)),
    ("", "in the person's own zone", f.born.anniversary(zone=f.zone)),
    ("Count", "with where", ev.opened.where(f.url == "Ufa").at_least(1)),
    ("", "window: last", ev.opened.exactly(2, last=months(1))),
    ("", "window: between, also of the person's own times", ev.opened.did(between=(f.joined_at, None))),
    ("", "window: a calendar period in a zone", ev.opened.did(during=this("month", zone=BERLIN))),
    ("", "window: that of the person's own zone", ev.opened.did(during=this("month", zone=f.zone))),
    ("", "window: within days after a time of the person's own", ev.opened.none(within=days(7), after=f.joined_at)),
    ("", "window: within days after an event", ev.opened.did(within=days(7), after=ev.visit.first("at"))),
    ("", "window: within months after a time of the person's own", ev.opened.did(within=months(1), after=f.joined_at)),
    ("Sequence", "A then B within days", ev.visit.then(ev.opened, within=days(5)) & f.id.is_not_null()),
    ("", "A then no B", ev.visit.then_not(ev.purchase, within=days(5)) & f.id.is_not_null()),
    ("", "within months", ev.visit.then(ev.opened, within=months(1)) & f.id.is_not_null()),
    ("Regular", "", ev.opened.regularly(2, of=4, every="week")),
    ("Aggregate", "sum of whole numbers", ev.opened.sum("n") > 10),
    ("", "sum of decimals", ev.opened.sum("value") >= Decimal("9.50")),
    ("", "sum, mean of floats", ev.opened.sum("w") > 1),
    ("", "mean compared with a whole number", ev.opened.avg("n") >= 3),
    ("", "mean compared with a fraction", ev.opened.avg("n") >= 2.3),
    ("", "mean of decimals", ev.opened.avg("value") >= Decimal("9.50")),
    ("", "least, most", (ev.opened.min("w") < 0) | (ev.opened.max("url") > "U")),
    ("", "first, last", (ev.opened.first("url") == "Ufa") | (ev.opened.last("n") > 3)),
    ("", "distinct", ev.opened.distinct("url") >= 3),
    ("Shift", "by hours, days, weeks", f.joined_at + days(30) < ago(days(1))),
    ("", "by months, years", f.joined_at + months(1) < ago(days(1))),
    ("PartOf", "of a date", f.born.part("month", zone="UTC") == 2),
    ("", "of the time of an event", ev.opened.where(f.at.part("clock", zone=BERLIN) > "09:00").did()),
    ("", "of a time, where clocks are changed no more", f.joined_at.part("hour", zone=MOSCOW) >= 9),
    ("", "of a time, where they are changed every year", f.joined_at.part("hour", zone=BERLIN) >= 9),
    ("", "in the person's own zone", ev.opened.where(f.at.part("hour", zone=f.zone) >= 9).did()),
    ("", "of now", today(BERLIN) == date(2026, 3, 1)),
    ("Size", "of a text", f.nick.size() > 5),
    ("", "of a list", f.tags.size() > 1),
    ("Folded", "", f.city.casefold() == "kazan"),
    ("Bucket", "", f.id.bucket("spring") < 0.2),
    ("Distance", "", distance(f.weight, f.weight, to=(55.8, 49.1)) < 30),
)


def columns(dialect: Dialect) -> Columns:
    """Tables as the engine itself would have them."""
    stored = "text" if dialect is Dialect.SQLITE else "native"
    people = {"city": "text", "nick": "text", "age": "integer", "weight": "float", "born": "date", "joined_at": "time"}
    events = {"n": "integer", "w": "float", "url": "text"}
    return Columns(
        order="id",
        fields={
            **people,
            "zone": "text",
            "balance": Column("balance", "decimal", stored=stored),
            "tags": Column("tags", "list", items="text"),
        },
        properties={**events, "value": Column("value", "decimal", stored=stored)},
    )


def refusal(segment: Segment, dialect: Dialect) -> str:
    """Why the engine is not asked; empty if it is."""
    try:
        segment.to_sql(dialect, columns=columns(dialect), now=NOW, assume_zone="UTC")
    except NotPortable as error:
        return error.reason
    return ""


def page() -> str:
    """The page's text."""
    rows = []
    for node, what, segment in EXAMPLES:
        cells = ["no" if refusal(segment, dialect) else "yes" for dialect in Dialect]
        name = f"**{node}**" if node else ""
        rows.append(f"| {name} | {what} | {' | '.join(cells)} |")
    heads = " | ".join(Dialect)
    table = "\n".join(rows)
    return f"""# What an engine can be asked

`Segment.to_sql` gives the same people as plain Python, or raises `NotPortable`, with the node and the reason. This table is
made by `docs/segment_engines.py`, and a test keeps it true: each "yes" is run on the engine and compared with plain Python,
over people and events with nulls, ties and times at the edges of windows; so are thousands of trees made by hypothesis.
`And`, `Or`, `Not`, `Constant`, `Field`, `Now` and `Begin` in a constant zone go with all of them; `Member` is bound before
(`Segment.bind`).

| node | | {heads} |
|---|---|{"---|" * len(Dialect)}
{table}

What the rows depend on:

- **Decimals.** PostgreSQL's are exact at any length. The others count least parts in 64 bits: say with `places=` how many there
  are at most. SQLite has none: keep them as text, or as whole numbers of cents (`stored="scaled"`).
- **Sums** of whole numbers are added up in more than 64 bits; SQLite, which has no more, ends with an error where that is not
  enough. **Sums of floats** depend on the order in which they are added, which no engine promises.
- **Order.** `first`, `last` and sequences need `Columns(order=...)`, for several events at one instant; without it they are
  refused.
- **Zones.** The clocks of a constant zone are written into the query as Python knows them, up to now for events. Where they
  are changed every year, there is no last change, so other times are refused.
- **Times** that are not stored as microseconds, and dates, are read as far as the engine does it exactly: SQLite has no
  native times; ClickHouse's dates end in 1900 and 2299.
- **Many values.** 100,000 ids in `isin` are no trouble, but for Spark, which takes minutes to read so long a query: join a table
  of ids there. SQLite, DuckDB and PostgreSQL get them as one parameter.
- **Texts** with a NUL: SQLite ends with an error if it is asked for the length of one. PostgreSQL has none.

```{{eval-rst}}
.. automodule:: mailkit.segment.sql
   :imported-members:
```
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
