"""`Segment`: a condition about people, and what may be asked of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from mailkit.errors import SegmentError, shorten
from mailkit.segment import nodes
from mailkit.segment.nodes import sentence
from mailkit.segment.values import plain, sort

if TYPE_CHECKING:
    from django.db.models import Model, Q
    from sqlalchemy import Select, Table

    from mailkit.segment import sql
    from mailkit.segment.compiled.plans import Plan
    from mailkit.segment.explained.explain import Explanation
    from mailkit.segment.explained.waterfalls import Waterfall
    from mailkit.segment.live import Live
    from mailkit.segment.running.asking import Ask
    from mailkit.segment.running.histories import EventSource
    from mailkit.segment.running.runs import OnError

__all__ = ["Combining", "Segment", "condition"]

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
    mend = getattr(type(operand), "_to_a_condition", "put parentheses around each: (f.city == 'Kazan') & (f.age > 17)")
    raise SegmentError(f"{shorten(operand)} is not a condition; {mend}")


def _flat(joint: type[nodes.And] | type[nodes.Or], operand: object) -> tuple[nodes.Condition, ...]:
    node = condition(operand)
    return node.parts if isinstance(node, joint) else (node,)


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

    __slots__ = ("__weakref__", "_plan", "node")
    node: nodes.Condition
    _plan: Plan | None

    def __init__(self, node: nodes.Condition) -> None:
        if not isinstance(node, nodes.Condition):
            raise SegmentError(f"{shorten(node)} is not the tree of a condition; write f.city == 'Kazan' and the like")
        object.__setattr__(self, "node", node)
        object.__setattr__(self, "_plan", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise SegmentError(f"{name!r} cannot be set: a segment is never changed, but made anew", text=str(self))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.node,)

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
        on_error: OnError | None = None,
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
            on_error: What to do with a record that cannot be judged: called with it and the error, after which he
                is in no segment, and the others follow. Unless given, the first such error is raised.

        Raises:
            SegmentError: A field is missing, two sorts of values are compared, a time has no zone,
                a person has no id, or events are needed and not given. The error names the person.

        >>> from mailkit.segment import field as f
        >>> (f.age >= 18).filter([{"name": "Anna", "age": 34}, {"name": "Oleg", "age": None}])
        [{'name': 'Anna', 'age': 34}]
        >>> people = [{"id": 1, "age": "34"}, {"id": 2, "age": 18}]
        >>> (f.age >= 18).filter(people, on_error=lambda record, error: print(error.reason))
        age: '34' (text) cannot be compared with 18 (a number) (person 1)
        [{'id': 2, 'age': 18}]
        """
        from mailkit.segment.compiled.plans import chosen
        from mailkit.segment.running.runs import Run, records

        run = Run((self.node,), events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error)
        return chosen(run, self._its_plan(), records(people))

    def count(
        self,
        people: Iterable[Any],
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
        on_error: OnError | None = None,
    ) -> int:
        """How many of the people are in the segment; arguments and errors are those of `filter`.

        >>> from mailkit.segment import field as f
        >>> f.city.isin(["Kazan", "Ufa"]).count([{"city": "Ufa"}, {"city": "Perm"}])
        1
        """
        from mailkit.segment.compiled.plans import counted
        from mailkit.segment.running.runs import Run, records

        run = Run((self.node,), events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error)
        return counted(run, self._its_plan(), records(people))

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
        from mailkit.segment.running.runs import Run

        run = Run((self.node,), events=events, now=now, key=key, assume_zone=assume_zone, is_own=True)
        return run.which(person) == 0

    def prepare(self, *, now: datetime | None = None, assume_zone: tzinfo | str | None = None) -> Ask:
        """A function that says of one record after another whether the person is in the segment.

        It takes a record and, where the segment asks about events, a list of the person's own, whoever
        they name; to leave it out is an error then. It answers and fails as `matches` does, some fifty
        times faster if `now` is given, since all that does not depend on the person is worked out before.
        Records that are mappings are read fastest. It may be shared among threads.

        Args:
            now: As of when, aware; without it, the present of each call.
            assume_zone: The zone of times without one, which are refused otherwise.

        >>> from datetime import UTC, datetime
        >>> from mailkit.segment import days, event as ev, field as f
        >>> ask = ((f.age >= 18) & ev.purchase.none(last=days(90))).prepare(now=datetime(2026, 3, 1, tzinfo=UTC))
        >>> ask({"age": 34}, []), ask({"age": 34}, [{"kind": "purchase", "at": datetime(2026, 2, 1, tzinfo=UTC)}])
        (True, False)
        """
        from mailkit.segment.running.asking import prepared

        return prepared(self.node, now=now, assume_zone=assume_zone)

    def _its_plan(self) -> Plan:
        from mailkit.segment.compiled.plans import Plan

        plan = self._plan or Plan(self.node)
        object.__setattr__(self, "_plan", plan)
        return plan

    def bind(self, segments: Mapping[str, Combining]) -> Segment:
        """The same segment with what each name in it stands for: `in segment "loyal"` becomes what loyal means.

        Args:
            segments: Segments by name, which may name each other; those that are not needed are passed over.

        Raises:
            SegmentError: A name is not among them, a segment is said by itself, or the whole is too large.

        >>> from mailkit.segment import field as f, member
        >>> print((member("loyal") & (f.city == "Ufa")).bind({"loyal": f.orders > 9}))
        orders > 9 and city = "Ufa"
        """
        from mailkit.segment.binding import bound, by_name

        return Segment(bound(self.node, by_name(segments)))

    def explain(
        self,
        person: Any,
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
    ) -> Explanation:
        """Why this one person is in or not, and what would change it; arguments and errors are those of `matches`.

        Each condition is asked, also where `matches` would not come so far. Events that name no
        person are taken for his own.

        >>> from datetime import UTC, datetime
        >>> from mailkit.segment import days, event as ev, field as f
        >>> awake = (f.city == "Kazan") & ev.opened.did(last=days(60))
        >>> opened = {"kind": "opened", "at": datetime(2026, 1, 12, 9, 30, tzinfo=UTC)}
        >>> anna = {"id": 7, "city": "Kazan"}
        >>> print(awake.explain(anna, events=[opened], now=datetime(2026, 3, 1, 12, tzinfo=UTC)))
        7 is in as of 1 March 2026 at 12:00 UTC.
        <BLANKLINE>
        ✓ and
        ├ ✓ city = "Kazan"                  city is "Kazan"
        └ ✓ any opened within last 60 days  1 opened, on 12 January 2026, 48 days ago
                                            so until 13 March 2026 at 09:30 UTC
        <BLANKLINE>
        What would change it:
        - leaves on 13 March 2026 at 09:30 UTC, unless there is one more opened before then
        - would stay in with one more opened now, until 30 April 2026 at 12:00 UTC
        - would leave if not city = "Kazan"
        """
        from mailkit.segment.explained.explain import explain

        return explain(self, person, events=events, now=now, key=key, assume_zone=assume_zone)

    def waterfall(
        self,
        people: Iterable[Any],
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
        sample: int = 3,
        on_error: OnError | None = None,
    ) -> Waterfall:
        """How many people each condition leaves, and a few of them to look at; in a notebook as a picture.

        The conditions are those that the outermost "and" or "or" joins. Each is asked of everybody,
        also of people who would not come so far in `filter`; `sample` is how many people to show,
        the other arguments and errors are those of `filter`. With `on_error`, those who cannot be judged
        are counted apart.

        >>> from mailkit.segment import field as f
        >>> people = [{"city": "Kazan", "age": 34}, {"city": "Kazan", "age": 17}, {"city": "Ufa", "age": 40}]
        >>> print(((f.city == "Kazan") & (f.age >= 18)).waterfall(people, sample=1))
        1 of 3 people are in (33.3%).
        <BLANKLINE>
                             left          true of  kept out by this alone
        everybody               3  100.0%
            city = "Kazan"      2   66.7%        2                       1
        and age >= 18           1   33.3%        2                       1
        <BLANKLINE>
        In, for example:
          ✓✓  city: 'Kazan', age: 34
        <BLANKLINE>
        Not in, for example:
          ✗✓  city: 'Ufa', age: 40
        """
        from mailkit.segment.explained.waterfalls import waterfall

        return waterfall(
            self,
            people,
            events=events,
            now=now,
            key=key,
            assume_zone=assume_zone,
            sample=sample,
            on_error=on_error,
        )

    def to_json(self) -> str:
        """The segment as JSON on one line, for a database or another program; equal segments give equal text.

        >>> from mailkit.segment import field as f
        >>> (f.age >= 18).to_json()
        '{"mailkit.segment": 1, "condition": {"type": "comparison", "left": {"type": "field", "path": ["age"]}, \
        "operator": ">=", "right": 18}}'
        """
        from mailkit.segment.stored.codec import encoded

        return encoded(self.node)

    @classmethod
    def from_json(cls, source: str | Mapping[str, Any]) -> Segment:
        """The segment of which `to_json` wrote this, a text or what a database has made of it.

        Raises:
            SegmentError: It is not JSON, or not that of a segment, or of a version that is not known. The
                reason begins with the place, such as `$.condition.parts[2].left`.

        >>> source = {"mailkit.segment": 1, "condition": {"type": "member", "name": "loyal"}}
        >>> print(Segment.from_json(source))
        in segment "loyal"
        """
        from mailkit.segment.stored.codec import decoded

        return cls(decoded(source))

    def live(
        self,
        people: Iterable[Any] = (),
        *,
        events: EventSource | None = None,
        now: datetime | None = None,
        key: str = "id",
        assume_zone: tzinfo | str | None = None,
        on_error: Callable[[str, SegmentError], object] | None = None,
    ) -> Live:
        """The segment kept up to date as time passes and more happens; see `mailkit.segment.live.Live`.

        Arguments and errors are those of `Live`, which also keeps several segments at once.

        >>> from datetime import UTC, datetime
        >>> from mailkit.segment import days, event as ev, field as f
        >>> silent = ev.opened.none(within=days(7), after=f.joined_at)
        >>> anna = {"id": 1, "joined_at": datetime(2026, 3, 1, tzinfo=UTC)}
        >>> live = silent.live([anna], now=datetime(2026, 3, 2, tzinfo=UTC))
        >>> [(change.person, str(change.at)) for change in live.advance(datetime(2026, 3, 9, tzinfo=UTC))]
        [('1', '2026-03-08 00:00:00+00:00')]
        """
        from mailkit.segment.live import Live

        return Live(self, people, events=events, now=now, key=key, assume_zone=assume_zone, on_error=on_error)

    def to_sql(
        self,
        dialect: sql.Dialect | str,
        *,
        columns: sql.Columns,
        people: str | tuple[str, ...] = "people",
        events: str | tuple[str, ...] = "events",
        now: datetime | None = None,
        assume_zone: tzinfo | str | None = None,
    ) -> sql.Query:
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
        from mailkit.segment.sql.queries import query  # here, since most segments are run over plain Python

        return query(
            self.node, dialect, people=people, events=events, columns=columns, now=now, assume_zone=assume_zone
        )

    def to_select(
        self,
        dialect: sql.Dialect | str,
        *,
        people: Table,
        columns: sql.Columns,
        events: Table | None = None,
        now: datetime | None = None,
        assume_zone: tzinfo | str | None = None,
    ) -> Select[Any]:
        """The same query as a select of SQLAlchemy, to stand in `people.c.id.in_(...)`.

        Args:
            dialect: The engine behind SQLAlchemy: "sqlite" or "postgresql".
            people: SQLAlchemy's table of people.
            columns: How the tables look.
            events: SQLAlchemy's table of events; may be left out if events are not asked about.
            now: As of when, aware; the present unless given.
            assume_zone: The zone of times without one, and in which dates begin.

        Raises:
            NotPortable: The engine cannot answer this exactly.
            MissingExtra: SQLAlchemy is not installed (extra "stores").

        >>> from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, insert, select
        >>> from mailkit.segment import field as f
        >>> from mailkit.segment.sql import Columns
        >>> people = Table("people", MetaData(), Column("id", Integer), Column("city", Text))
        >>> kazan = (f.city == "Kazan").to_select("sqlite", people=people, columns=Columns(fields={"city": "text"}))
        >>> shop = create_engine("sqlite://")
        >>> with shop.begin() as connection:
        ...     people.create(connection)
        ...     _ = connection.execute(insert(people), [{"id": 1, "city": "Kazan"}, {"id": 2, "city": None}])
        ...     print(connection.execute(select(people).where(people.c.id.in_(kazan))).all())
        [(1, 'Kazan')]
        """
        from mailkit.segment.sql.alchemy import selected

        return selected(
            self.node, dialect, people=people, events=events, columns=columns, now=now, assume_zone=assume_zone
        )

    def to_q(
        self,
        model: type[Model],
        *,
        events: Mapping[str, Any] | None = None,
        now: datetime | None = None,
        key: str = "id",
        using: str | None = None,
        assume_zone: tzinfo | str | None = None,
    ) -> Q:
        """The condition as a `Q` of Django, which finds the same people as plain Python would.

        Args:
            model: The model of people. Fields within fields follow its relations: `f.shop.city`.
            events: Where events are kept: `{"model": Event, "person": "customer", "kind": "kind", "at": "at"}`
                names a model and its fields; "order" may name the field by which events at one instant
                are in order (the primary key unless given), and "properties" fields of other names.
                Where kinds have models of their own, give such a mapping for each kind, without "kind".
            now: As of when, aware; the present unless given.
            key: The field with a person's id, where the events' "person" is no relation.
            using: The database that is going to be asked; where Django would read the model unless given.
            assume_zone: The zone of times without one.

        Raises:
            NotPortable: The database cannot answer this exactly.
            SegmentError: There is no such field, or two sorts of values are compared.
            MissingExtra: Django is not installed (extra "django").

        >>> from mailkit.segment import field as f
        >>> (f.city == "Kazan").to_q(dict)
        Traceback (most recent call last):
        mailkit.errors.SegmentError: segment: <class 'dict'> is not a model of Django
        """
        from mailkit.extras import load

        load("django", extra="django", purpose="conditions of Django")
        from mailkit.segment.in_django import to_q

        return to_q(self.node, model, events=events, now=now, key=key, using=using, assume_zone=assume_zone)

    def __str__(self) -> str:
        return sentence(self.node)

    def __repr__(self) -> str:
        return f"<Segment: {self}>"

    def _repr_html_(self) -> str:
        from mailkit.segment.explained.faces import frame, layout

        return frame("mailkit-segment", "Segment", layout(self.node))
