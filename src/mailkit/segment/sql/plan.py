"""The parts of a query that are found while the tree is walked, and how they are put together.

How to think about it. A query is a chain of tables, each made of the one before:

    people      the fields that are asked for, as whole numbers and texts
    events      the events that are asked about, with such properties, and such fields of their person
    stage n     the same rows, and what a window function sees from each of them
    drawn       one row per person: counts, sums, flags
    and then the ids of the people, joined with what was drawn, of whom the condition holds

Where a window begins with what is itself drawn from events, the second level repeats the middle:
its events are those of the first, joined with what was drawn there.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from mailkit.segment.sql.columns import Columns
from mailkit.segment.sql.dialects import Engine

__all__ = ["Level", "Plan", "prefix"]


def prefix(names: Iterable[str]) -> str:
    """What our own names begin with, so that none is one of these."""
    taken, number = [name.lower() for name in names], 0
    while any(name.startswith(found := f"mk{number or ''}_") for name in taken):
        number += 1
    return f"mk{number or ''}_" if taken else found


@attrs.define
class Level:
    """What is drawn from the events in one go.

    Attributes:
        drawn: Expressions over all of a person's events, by name.
        stages: Window expressions by name; each stage may speak of those before it.
    """

    drawn: dict[str, str] = attrs.field(factory=dict)
    stages: list[dict[str, str]] = attrs.field(factory=list)


class Plan:
    """Collects what a query needs, and writes it.

    Args:
        columns: How the tables look.
        engine: What the engine needs.
        people: The table of people, quoted.
        events: The table of events, quoted.
        own: What our own names begin with.
    """

    def __init__(self, columns: Columns, engine: Engine, people: str, events: str, own: str) -> None:
        self._columns, self._engine = columns, engine
        self._people, self._events = people, events
        self.own = own
        self.levels: list[Level] = []
        self.kinds: list[str] = []
        self._fields: dict[str, str] = {}
        self._properties: dict[str, str] = {}
        self._joined: set[str] = set()
        self._names = 0

    def named(self, known: dict[str, str], sql: str) -> str:
        """The name of an expression among some; equal ones have one name."""
        for name, other in known.items():
            if other == sql:
                return name
        self._names += 1
        name = f"{self.own}{self._names}"
        known[name] = sql
        return name

    def field(self, sql: str) -> str:
        """The name of what stands in the table of people."""
        return self.named(self._fields, sql)

    def joined(self, name: str) -> str:
        """The same name, which is asked for beside an event."""
        self._joined.add(name)
        return name

    def property(self, sql: str) -> str:
        """The name of what stands in the table of events."""
        return self.named(self._properties, sql)

    def level(self, number: int) -> Level:
        """The level, from 1."""
        while len(self.levels) < number:
            self.levels.append(Level())
        return self.levels[number - 1]

    def seen_from(self, level: int, stage: int, sql: str) -> str:
        """The name of a window expression at a stage, from 1."""
        stages = self.level(level).stages
        while len(stages) < stage:
            stages.append({})
        return self.named(stages[stage - 1], sql)

    def drawn(self, level: int, sql: str) -> str:
        """The name of what is drawn from a person's events."""
        return self.named(self.level(level).drawn, sql)

    def written(self, condition: str, person_key: str, event_key: str, at: str, until: str, order: str | None) -> str:
        """The query's text."""
        own = self.own
        tables = [] if not self.levels else [(f"{own}people", self._people_table(person_key))]
        if self.levels:
            tables.append((f"{own}events", self._events_table(event_key, at, until, order)))
        source = f"{own}events"
        for number, level in enumerate(self.levels, 1):
            tables += self._level_tables(number, level, source)
            source = f"{own}events{number + 1}"
        body = self._ids(condition, person_key)
        if not tables:
            return body + self._engine.ending
        written = ",\n".join(f"{name} AS (\n{text}\n)" for name, text in tables)
        return f"WITH {written}\n{body}{self._engine.ending}"

    def _people_table(self, key: str) -> str:
        columns = [f"{self._person()} AS {self.own}id", f"{key} AS {self.own}person"]
        columns += [f"{sql} AS {name}" for name, sql in self._fields.items()]
        return f"  SELECT {', '.join(columns)}\n  FROM {self._people} AS {self.own}p"

    def _person(self) -> str:
        from mailkit.segment.sql.texts import quoted

        return f"{self.own}p.{quoted(self._columns.person, self._engine)}"

    def _events_table(self, key: str, at: str, until: str, order: str | None) -> str:
        own = self.own
        columns = [f"{key} AS {own}person", f"{at} AS {own}at"]
        if order:
            columns.append(f"{order} AS {own}order")
        columns += [f"{sql} AS {name}" for name, sql in self._properties.items()]
        where = [f"{at} <= {until}"]
        if self.kinds:
            where.append(f"{self._kind()} IN ({', '.join(dict.fromkeys(self.kinds))})")
        source = f"  FROM {self._events} AS {own}e"
        inner = f"  SELECT {', '.join(columns)}\n{source}\n  WHERE {' AND '.join(where)}"
        if not self._joined:
            return inner
        fields = ", ".join(f"{own}people.{name} AS {name}" for name in sorted(self._joined) if name in self._fields)
        names = [f"{own}person", f"{own}at", *([f"{own}order"] if order else []), *self._properties]
        mine = ", ".join(f"{own}own.{name} AS {name}" for name in names)
        join = f"JOIN {own}people ON {own}people.{own}person = {own}own.{own}person"
        return f"  SELECT {mine}{', ' + fields if fields else ''}\n  FROM (\n{inner}\n  ) AS {own}own\n  {join}"

    def _kind(self) -> str:
        from mailkit.segment.sql.texts import quoted

        return self._engine.collated.format(f"{self.own}e.{quoted(self._columns.kind, self._engine)}")

    def _level_tables(self, number: int, level: Level, source: str) -> list[tuple[str, str]]:
        own, tables = self.own, []
        if number > 1:
            before = f"{own}drawn{number - 1}"
            carried = [name for name in self.levels[number - 2].drawn if name in self._joined]
            columns = ", ".join([f"{own}of.*", *(f"{before}.{name} AS {name}" for name in carried)])
            past = f"{own}events" if number == 2 else f"{own}events{number - 1}"
            joined = f"JOIN {before} ON {before}.{own}person = {own}of.{own}person"
            tables.append((source, f"  SELECT {columns}\n  FROM {past} AS {own}of\n  {joined}"))
        for place, stage in enumerate(level.stages, 1):
            columns = ", ".join([f"{own}of.*", *(f"{sql} AS {name}" for name, sql in stage.items())])
            name = f"{own}stage{number}_{place}"
            tables.append((name, f"  SELECT {columns}\n  FROM {source} AS {own}of"))
            source = name
        columns = ", ".join([f"{own}person", *(f"{sql} AS {name}" for name, sql in level.drawn.items())])
        tables.append((f"{own}drawn{number}", f"  SELECT {columns}\n  FROM {source}\n  GROUP BY {own}person"))
        return tables

    def _ids(self, condition: str, key: str) -> str:
        own = self.own
        if not self.levels:
            columns = ", ".join(
                [f"{self._person()} AS {own}id", *(f"{sql} AS {name}" for name, sql in self._fields.items())]
            )
            inner = f"  SELECT {columns}\n  FROM {self._people} AS {own}p"
            return f"SELECT {own}id AS id\nFROM (\n{inner}\n) AS {own}people\nWHERE {condition}"
        joins = [
            f"LEFT JOIN {own}drawn{number} ON {own}drawn{number}.{own}person = {own}people.{own}person"
            for number, _ in enumerate(self.levels, 1)
        ]
        return "\n".join([f"SELECT {own}people.{own}id AS id", f"FROM {own}people", *joins, f"WHERE {condition}"])
