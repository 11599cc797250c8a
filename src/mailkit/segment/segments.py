"""`Segment`: a condition about people, and what may be asked of it."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, tzinfo
from html import escape
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import attrs

from mailkit.clock import SystemClock
from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.access import read
from mailkit.segment.evaluate import Maker, asks_about_events
from mailkit.segment.histories import EventSource, Histories
from mailkit.segment.subjects import Subject
from mailkit.segment.text import sentence
from mailkit.segment.values import instant, plain, sort, zone

if TYPE_CHECKING:
    from mailkit.segment.sql import Columns, Dialect, Query

__all__ = ["Combining", "Segment", "condition", "partition"]

P = TypeVar("P")


class Combining(ABC):
    """What may stand beside `&`, `|` and `~`."""

    __slots__ = ()

    @abstractmethod
    def _condition(self) -> nodes.Condition: ...

    def __and__(self, other: Combining) -> Segment:
        return Segment(nodes.And(parts=(*_flat(nodes.And, self), *_flat(nodes.And, other))))

    def __or__(self, other: Combining) -> Segment:
        return Segment(nodes.Or(parts=(*_flat(nodes.Or, self), *_flat(nodes.Or, other))))

    def __rand__(self, other: object) -> Segment:
        return Segment(nodes.And(parts=(condition(other), condition(self))))

    def __ror__(self, other: object) -> Segment:
        return Segment(nodes.Or(parts=(condition(other), condition(self))))

    def __invert__(self) -> Segment:
        inner = condition(self)
        return Segment(inner.part if isinstance(inner, nodes.Not) else nodes.Not(part=inner))

    def __bool__(self) -> bool:
        mend = "use & | ~ and parentheses instead of 'and', 'or', 'not' and a < b < c"
        raise SegmentError(f"a condition is not yet true or false; {mend}", text=sentence(condition(self)))


def _no_parentheses(one: object, other: object) -> NoReturn:
    example = "(f.city == 'Kazan') & (f.age > 17)"
    reason = f"a condition is compared with {shorten(other)}; put parentheses around each comparison: {example}"
    raise SegmentError(reason, text=str(one))


def condition(operand: object) -> nodes.Condition:
    """The condition that the operand stands for; a value stands for "it is true".

    Raises:
        SegmentError: It stands for none, most often because `&` binds more tightly than `==`.
    """
    if isinstance(operand, Combining):
        return operand._condition()
    reason = f"{shorten(operand)} is not a condition; put parentheses around each: (f.city == 'Kazan') & (f.age > 17)"
    raise SegmentError(reason)


def _flat(joint: type[nodes.And] | type[nodes.Or], operand: object) -> tuple[nodes.Condition, ...]:
    node = condition(operand)
    return node.parts if isinstance(node, joint) else (node,)


def _a_condition(instance: object, attribute: object, value: Any) -> None:
    if not isinstance(value, nodes.Condition):
        raise SegmentError(f"{shorten(value)} is not the tree of a condition; write f.city == 'Kazan' and the like")


@attrs.frozen(repr=False, eq=False)
class Segment(Combining):
    """A condition about people: combined with `&`, `|` and `~`, shown as text, and asked of records.

    Two segments with equal trees are equal. In a notebook a segment shows its sentence.

    Attributes:
        node: Its tree (see `mailkit.segment.nodes`).

    >>> from mailkit.segment import days, event as ev, field as f
    >>> from datetime import UTC, datetime
    >>> lapsing = (f.city == "Kazan") & ev.purchase.none(last=days(90))
    >>> print(lapsing)
    city = "Kazan" and no purchase within last 90 days
    >>> anna, oleg = {"id": 1, "city": "Kazan"}, {"id": 2, "city": "Kazan"}
    >>> bought = {"kind": "purchase", "at": datetime(2026, 2, 1, tzinfo=UTC), "person": 2}
    >>> lapsing.filter([anna, oleg], events=[bought], now=datetime(2026, 3, 1, tzinfo=UTC))
    [{'id': 1, 'city': 'Kazan'}]
    """

    node: nodes.Condition = attrs.field(validator=_a_condition)

    def _condition(self) -> nodes.Condition:
        return self.node

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Segment):
            return self.node == other.node
        if isinstance(other, Combining | Collection) or sort(plain(other)):  # what a field is compared with
            _no_parentheses(self, other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.node)

    def __lt__(self, other: object) -> NoReturn:
        _no_parentheses(self, other)

    def __le__(self, other: object) -> NoReturn:
        _no_parentheses(self, other)

    def __gt__(self, other: object) -> NoReturn:
        _no_parentheses(self, other)

    def __ge__(self, other: object) -> NoReturn:
        _no_parentheses(self, other)

    def filter(
        self,
        people: Iterable[P],
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
    ) -> list[P]:
        """The people in the segment, in the order given.

        Args:
            people: Records: mappings, attrs or dataclass objects, database rows, ORM objects.
            events: A mapping from a person's id to his events, one iterable of everybody's, or a
                function from a record to events. An event is a `mailkit.Event`, or a mapping with
                "kind", "at" and "person".
            now: As of when, aware; later events are not seen. The present unless given.
            key: The field with the person's id, which is compared as text.
            assume_zone: The zone, or its name, of times without one, which are refused otherwise.

        Raises:
            SegmentError: A field is missing, two sorts of values are compared, a time has no zone,
                a person has no id, or events are needed and not given. The error names the person.

        >>> from mailkit.segment import field as f
        >>> (f.age >= 18).filter([{"name": "Anna", "age": 34}, {"name": "Oleg", "age": None}])
        [{'name': 'Anna', 'age': 34}]
        """
        which = _first_of((self.node,), events=events, now=now, key=key, assume_zone=assume_zone)
        return [person for person in _records(people) if which(person) == 0]

    def count(
        self,
        people: Iterable[Any],
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
    ) -> int:
        """How many of the people are in the segment; arguments and errors are those of `filter`.

        >>> from mailkit.segment import field as f
        >>> f.city.isin(["Kazan", "Ufa"]).count([{"city": "Ufa"}, {"city": "Perm"}])
        1
        """
        which = _first_of((self.node,), events=events, now=now, key=key, assume_zone=assume_zone)
        return sum(1 for person in _records(people) if which(person) == 0)

    def matches(
        self,
        person: Any,
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
    ) -> bool:
        """Whether this one person is in the segment; arguments and errors are those of `filter`.

        Events that name no person are taken for his own, so that a record without an id can be asked too.

        >>> from datetime import UTC, datetime
        >>> from mailkit.segment import event as ev, months
        >>> clicked = {"kind": "clicked", "at": datetime(2026, 2, 1, tzinfo=UTC)}
        >>> ev.clicked.did(last=months(1)).matches({}, events=[clicked], now=datetime(2026, 2, 20, tzinfo=UTC))
        True
        """
        which = _first_of((self.node,), events=events, now=now, key=key, assume_zone=assume_zone, is_own=True)
        return which(person) == 0

    def to_sql(
        self,
        dialect: Dialect | str,
        *,
        columns: Columns,
        people: str | tuple[str, ...] = "people",
        events: str | tuple[str, ...] = "events",
        now: datetime | None = None,
        assume_zone: tzinfo | str | None = None,
    ) -> Query:
        """The query that gives the ids of the people in the segment, the same as plain Python would.

        Args:
            dialect: The engine: "sqlite", "duckdb", "postgresql", "polars", "datafusion", "clickhouse", "spark".
            columns: How the tables look.
            people: The table of people; a dot stands between schema and table, or give a tuple.
            events: The table of events.
            now: As of when, aware; the present unless given.
            assume_zone: The zone of times without one, and in which dates begin.

        Raises:
            NotPortable: The engine cannot answer this exactly.
            SegmentError: A field has no column, or two sorts of values are compared.

        >>> from mailkit.segment import field as f
        >>> from mailkit.segment.sql import Columns
        >>> asked = (f.city == "Kazan").to_sql("sqlite", columns=Columns(fields={"city": "text"}))
        >>> asked.parameters
        {'p1': 'Kazan'}
        """
        from mailkit.segment.sql import query  # here, since most segments are run over plain Python

        return query(
            self.node, dialect, people=people, events=events, columns=columns, now=now, assume_zone=assume_zone
        )

    def __str__(self) -> str:
        return sentence(self.node)

    def __repr__(self) -> str:
        return f"<Segment: {self}>"

    def _repr_html_(self) -> str:
        return f'<p class="mailkit-segment"><code>{escape(str(self))}</code></p>'


def partition(
    segments: Mapping[str, Segment],
    people: Iterable[P],
    *,
    events: EventSource | None = None,
    now: datetime | None = None,
    key: str = "id",
    assume_zone: tzinfo | str | None = None,
) -> dict[str | None, list[P]]:
    """Divide the people among segments: each goes to the first that he is in, or else to None.

    Args:
        segments: The segments by name; the mapping's order decides.
        people: Records, as in `Segment.filter`.
        events: Their events, as in `Segment.filter`.
        now: As of when, aware; the present unless given.
        key: The field with the person's id.
        assume_zone: The zone of times without one, which are refused otherwise.

    Raises:
        SegmentError: As in `Segment.filter`.

    Returns:
        A list for every name, and for None, also where it is empty; each in the order given.

    >>> from mailkit.segment import field as f
    >>> people = [{"spent": 900}, {"spent": 0}, {"spent": 40}]
    >>> partition({"big": f.spent > 500, "buyer": f.spent > 0}, people)
    {'big': [{'spent': 900}], 'buyer': [{'spent': 40}], None: [{'spent': 0}]}
    """
    if not isinstance(segments, Mapping):
        raise SegmentError(f"{shorten(segments)} is not segments by name; give {{'loyal': f.orders > 9, ...}}")
    for name, segment in segments.items():
        if name is None:
            raise SegmentError("None is no name for a segment: it is where those go who are in none", text=str(segment))
        if not isinstance(segment, Segment):
            raise SegmentError(f"{name!r} is {shorten(segment)}, which is not a segment")
    conditions = tuple(segment.node for segment in segments.values())
    which = _first_of(conditions, events=events, now=now, key=key, assume_zone=assume_zone)
    names = [*segments, None]
    divided: dict[str | None, list[P]] = {name: [] for name in names}
    for person in _records(people):
        divided[names[which(person)]].append(person)
    return divided


def _records(people: Iterable[P]) -> Iterable[P]:
    """The people, if they are several records and not one.

    Raises:
        SegmentError: They are a mapping, a text or a data frame, which iterate over something else.
    """
    if isinstance(people, Mapping):
        raise SegmentError("people is one mapping; give several records, such as people.values() or [person]")
    if hasattr(people, "to_dict") and hasattr(people, "columns"):
        raise SegmentError("people is a data frame; give its rows: people.to_dict('records')")
    if not isinstance(people, Iterable):
        raise SegmentError(f"people is {shorten(people)}; give several records")
    return people


def _first_of(
    conditions: tuple[nodes.Condition, ...],
    *,
    events: EventSource | None,
    now: datetime | None,
    key: str,
    assume_zone: tzinfo | str | None,
    is_own: bool = False,
) -> Callable[[Any], int]:
    """A function from a record to the place of the first condition that it fulfils; -1 if it fulfils none."""
    assumed = zone(assume_zone)
    if not isinstance(key, str) or not key:
        raise SegmentError(f"key={shorten(key)} is not the name of the field with a person's id")
    if events is None:
        for node in conditions:
            if asks_about_events(node):
                raise SegmentError("this asks about events: give events=", text=sentence(node))
    histories = Histories(key=key, assumed=assumed, is_own=is_own)
    subject = Subject(histories.finder(() if events is None else events))
    as_of = SystemClock().now() if now is None else instant(now, assumed)
    maker = Maker(now=as_of, assumed=assumed, person=subject.person, history=subject.history)
    tests = [(place, maker.test(node)) for place, node in enumerate(conditions)]
    is_first = True

    def which(record: Any) -> int:
        nonlocal is_first
        subject.turn_to(record)
        try:
            if is_first:  # a misspelt field is told even if nobody comes so far as to be asked for it
                is_first = False
                _check_fields(conditions, record)
            for place, test in tests:
                if test(record):
                    return place
        except SegmentError as error:
            raise _about(record, key, error) from error.__cause__
        return -1

    return which


def _check_fields(conditions: tuple[nodes.Condition, ...], record: Any) -> None:
    for node in conditions:
        for field in nodes.person_fields(node):
            try:
                read(record, field.path, is_optional=field.is_optional)
            except SegmentError as error:
                whole = sentence(node)
                found = [match.span() for match in re.finditer(re.escape(sentence(field)), whole)]
                start, end = found[0] if len(found) == 1 else (None, None)
                raise SegmentError(error.reason, text=whole, start=start, end=end) from error.__cause__


def _about(record: Any, key: str, error: SegmentError) -> SegmentError:
    try:
        person = shorten(read(record, (key,)))
    except SegmentError:
        person = shorten(record)
    return SegmentError(f"{error.reason} (person {person})", text=error.text, start=error.start, end=error.end)
