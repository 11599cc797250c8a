"""From the tree to the parts of a query: the one place that knows all the others.

How to think about it. A node is written for a *place*: among people, where a field is a column
of theirs, or at an event of some kind, where it is a property and the person's own fields stand
beside it. Conditions come out two-valued everywhere: what is null is false, and `NOT` is the true
complement. What does not differ from person to person is worked out by plain Python.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any, assert_never

import attrs

from mailkit.errors import NotPortable
from mailkit.segment import nodes
from mailkit.segment.binding import unbound
from mailkit.segment.language.text import sentence
from mailkit.segment.running.evaluate import Maker
from mailkit.segment.running.subjects import of_person, varies
from mailkit.segment.sql.columns import Columns
from mailkit.segment.sql.compare import Comparer
from mailkit.segment.sql.conditions import anniversary, comparison, is_null, one_of, text_test
from mailkit.segment.sql.dialects import ENGINES, Dialect, Engine
from mailkit.segment.sql.drawn import aggregate, count, regular, sequence
from mailkit.segment.sql.operands import bucket, part, shifted, size
from mailkit.segment.sql.plan import Plan, prefix
from mailkit.segment.sql.reading import person_keys, read
from mailkit.segment.sql.terms import Known, Operand
from mailkit.segment.sql.texts import Values, quoted, table_name
from mailkit.segment.sql.zones import micros

__all__ = ["PEOPLE", "Place", "Writer"]


@attrs.frozen(kw_only=True)
class Place:
    """For where something is written.

    Attributes:
        kind: Of which kind the event is whose properties the fields are; None if they are the person's.
        level: At which level's events; 0 for among people, beside all that was drawn.
    """

    kind: str | None = None
    level: int = 0


PEOPLE = Place()


class Writer:
    """Writes one query.

    Args:
        dialect: The engine.
        columns: How the tables look.
        people: The table of people.
        events: The table of events.
        now: The instant as of which the query answers, in UTC.
        assumed: The zone of times without one; None to refuse them.
    """

    def __init__(
        self,
        dialect: Dialect,
        columns: Columns,
        *,
        people: object,
        events: object,
        now: datetime,
        assumed: tzinfo | None,
    ) -> None:
        self.dialect, self.columns, self.now, self.assumed = dialect, columns, now, assumed
        self.engine: Engine = ENGINES[dialect]
        self.values = Values(dialect, self.engine)
        self.comparer = Comparer(dialect, self.engine, self.values, assumed)
        tables = table_name(people, self.engine), table_name(events, self.engine)
        names = [*columns.names(), *(part for table in (people, events) for part in _parts(table))]
        self.plan = Plan(columns, self.engine, *tables, prefix(names))
        self._maker = Maker(now=now, assumed=assumed, person=lambda: None, history=lambda: ())

    def written(self, node: nodes.Condition) -> str:
        """The query's text; the constants are in `values`."""
        condition = self.condition(node, PEOPLE)
        person, event = person_keys(self)
        own, order = self.plan.own, self.columns.order
        at = read(self, self.columns.of_event("", ("at",)), f"{own}e", node)
        ordered = None if order is None else f"{own}e.{quoted(order, self.engine)}"
        until = self.values.whole(micros(self.now)) if self.plan.levels else ""
        return self.plan.written(condition, person, event, at, until, ordered)

    def condition(self, node: nodes.Condition, place: Place) -> str:
        """The condition, which is never null."""
        match node:
            case nodes.And() | nodes.Or():
                word = " AND " if isinstance(node, nodes.And) else " OR "
                return f"({word.join(self.condition(part, place) for part in node.parts)})"
            case nodes.Not():
                return f"NOT ({self.condition(node.part, place)})"
            case nodes.Comparison():
                return comparison(self, node, place)
            case nodes.OneOf():
                return one_of(self, node, place)
            case nodes.TextTest():
                return text_test(self, node, place)
            case nodes.IsNull():
                return is_null(self, node, place)
            case nodes.Anniversary():
                return anniversary(self, node, place)
            case nodes.Count():
                return count(self, node)
            case nodes.Sequence():
                return sequence(self, node)
            case nodes.Regular():
                return regular(self, node)
            case nodes.Member():
                raise unbound(node, node.name)
            case _ as never:
                assert_never(never)

    def value(self, node: nodes.Value, place: Place) -> Operand:
        """The value as operand."""
        if isinstance(node, nodes.Constant | nodes.Now) or not varies(node):
            return Known(self.constant(node))
        match node:
            case nodes.Field():
                return self._field(node, place)
            case nodes.Shift():
                return shifted(self, node, place)
            case nodes.PartOf():
                return part(self, node, place)
            case nodes.Size():
                return size(self, node, place)
            case nodes.Bucket():
                return bucket(self, node, place)
            case nodes.Aggregate():
                return aggregate(self, node, place)
            case nodes.Folded():
                raise self.refusal(node, "it does not fold the case of all letters as Unicode does")
            case nodes.Distance():
                raise self.refusal(node, "its sines and roots may differ from others in the last digit")
            case nodes.Begin():
                raise self.refusal(node, "it would need the clocks of each person's own zone")
            case _ as never:
                assert_never(never)

    def constant(self, node: nodes.Value) -> Any:
        """What plain Python makes of a value that is the same for everybody."""
        return self._maker.value(node, of_person)(None)

    def holds(self, node: nodes.Condition) -> bool:
        """What plain Python makes of a condition that is the same for everybody."""
        return self._maker.test(node)(None)

    def refusal(self, node: nodes.Node, reason: str) -> NotPortable:
        """The error that the engine cannot answer this exactly."""
        return NotPortable(node, self.dialect, reason, text=sentence(node))

    def _field(self, node: nodes.Field, place: Place) -> Operand:
        from mailkit.segment.sql.reading import term_of

        if place.kind is None:
            column = self.columns.field(node.path)
            name = self.plan.field(read(self, column, f"{self.plan.own}p", node))
            return term_of(self, column, self.plan.joined(name) if place.level else name)
        column = self.columns.of_event(place.kind, node.path)
        name = self.plan.property(read(self, column, f"{self.plan.own}e", node))
        is_seen = column == Columns.of_event(self.columns, place.kind, ("at",))
        return attrs.evolve(term_of(self, column, name), is_seen=is_seen)


def _parts(table: object) -> list[str]:
    return table.split(".") if isinstance(table, str) else [str(part) for part in table]  # type: ignore[attr-defined]
