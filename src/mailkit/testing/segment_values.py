"""Hypothesis strategies for the values in a segment's tree, of which `segments` makes conditions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, Final

from hypothesis import strategies as st

from mailkit.segment import nodes
from mailkit.segment.nodes import Function, Part, TextMatch
from mailkit.segment.spans import Span, Unit
from mailkit.testing.people import ZONES

__all__ = ["Values", "calendar_units", "constants", "field_of", "once", "optional_field", "shifts", "spans"]

S = st.SearchStrategy
_IN_ORDER: Final = (Function.FIRST, Function.LAST, Function.MIN, Function.MAX)


def once(make: Callable[..., S[Any]]) -> Any:
    """Let a strategy be made once for each of its arguments, since many others are made of it."""

    @wraps(make)
    def kept(self: Values, *args: Any, **words: Any) -> S[Any]:
        key = make.__name__, repr(args), repr(words)
        if key not in self.kept:
            self.kept[key] = make(self, *args, **words)
        return _kept(self, key)

    return kept


@st.composite
def _kept(draw: st.DrawFn, among: Values, key: tuple[str, str, str]) -> Any:
    """What is kept there; hypothesis would otherwise write out all that it is made of."""
    return draw(among.kept[key])


class Values:
    """Strategies for values, each of one sort, without what is not wanted."""

    def __init__(self, now: datetime, without: frozenset[object]) -> None:
        self._now, self._without = now, without
        self.kept: dict[tuple[str, str, str], S[Any]] = {}

    def __repr__(self) -> str:
        return "<segments>"

    def is_wanted(self, node: nodes.Node) -> bool:
        """Whether there is nothing in the tree that is to be left out."""
        return not any(self._has_unwanted(inner) for inner in nodes.walk(node))

    def _has_unwanted(self, node: nodes.Node) -> bool:
        words = [getattr(node, name, None) for name in ("function", "part", "match")]
        own_zone = isinstance(getattr(node, "zone", None), nodes.Field) and "own zones" in self._without
        return (
            own_zone
            or type(node) in self._without
            or any(isinstance(word, Function | Part | TextMatch) and word in self._without for word in words)
        )

    def _some(self, *choices: tuple[Any, Callable[[], S[Any]]]) -> S[Any]:
        """One of those whose node is wanted."""
        return st.one_of([make() for node, make in choices if node not in self._without])

    @abstractmethod
    def _events(self, *, is_any_time: bool = False) -> S[nodes.Events]: ...

    @once
    def _zones(self) -> S[nodes.Zone]:
        names: S[nodes.Zone] = constants(st.sampled_from(ZONES))
        return names if "own zones" in self._without else names | st.just(field_of("zone"))

    @once
    def _begins(self) -> S[nodes.Value]:
        return st.builds(
            lambda unit, offset, zone: nodes.Begin(unit=unit, offset=offset, zone=zone),
            calendar_units(),
            st.integers(-2, 2),
            self._zones(),
        )

    def _parts(self, of: S[nodes.Value], parts: Iterable[Part]) -> S[nodes.Value]:
        wanted = set(parts) - self._without
        if not wanted or nodes.PartOf in self._without:
            return st.nothing()
        return st.builds(
            lambda value, part, zone: nodes.PartOf(of=value, part=part, zone=zone),
            of,
            st.sampled_from(sorted(wanted)),
            self._zones(),
        )

    def _drawn(self, functions: Iterable[Function], of: Iterable[str]) -> S[nodes.Value]:
        wanted = set(functions) - self._without
        if not wanted or nodes.Aggregate in self._without:
            return st.nothing()
        return st.builds(
            lambda function, name, events: nodes.Aggregate(function=function, of=field_of(name), events=events),
            st.sampled_from(sorted(wanted)),
            st.sampled_from(list(of)),
            self._events(),
        )

    @once
    def _wholes(self, is_event: bool) -> S[nodes.Value]:
        fields: S[Any] = (
            st.just(field_of("size")) if is_event else st.sampled_from([field_of("age"), optional_field("age")])
        )
        sized = st.sampled_from(
            [field_of("url")] if is_event else [field_of("name"), field_of("city"), field_of("tags")]
        )
        if not is_event:
            fields |= self._drawn(Function, ["size"]) | self._drawn([Function.DISTINCT], ["size", "url", "value", "at"])
        fields |= self._parts(self._instants(is_event), set(Part) - {Part.CLOCK, Part.DATE})
        return fields | self._some((nodes.Size, lambda: st.builds(lambda value: nodes.Size(value=value), sized)))

    @once
    def _decimals(self, is_event: bool) -> S[nodes.Value]:
        if is_event:
            return st.just(field_of("value"))
        return st.just(field_of("spent")) | self._drawn({Function.SUM, *_IN_ORDER}, ["value"])

    @once
    def _floats(self) -> S[nodes.Value]:
        place = st.sampled_from([(55.79, 49.12), (0.0, 0.0), (-33.5, 180.0)])
        far = st.builds(
            lambda to: nodes.Distance(
                latitude=field_of("lat"), longitude=field_of("lon"), to_latitude=to[0], to_longitude=to[1]
            ),
            place,
        )
        draws = st.builds(lambda salt: nodes.Bucket(of=field_of("id"), salt=salt), st.sampled_from(["spring", "осень"]))
        return st.just(field_of("score")) | self._some((nodes.Distance, lambda: far), (nodes.Bucket, lambda: draws))

    @once
    def _texts(self, is_event: bool) -> S[nodes.Value]:
        names = ["url", "campaign"] if is_event else ["name", "city"]
        fields: S[nodes.Value] = st.sampled_from([field_of(name) for name in names])
        folded = st.builds(lambda value: nodes.Folded(value=value), fields)
        own = fields if is_event else fields | st.just(nodes.Field(path=("address", "country")))
        if not is_event:
            own |= self._drawn(_IN_ORDER, ["url"])
        own |= self._parts(self._instants(is_event), [Part.CLOCK])
        return own | self._some((nodes.Folded, lambda: folded))

    def _instants(self, is_event: bool) -> S[nodes.Value]:
        return st.sampled_from([field_of("at" if is_event else "joined_at"), nodes.Now()])

    @once
    def _times(self, is_event: bool) -> S[nodes.Value]:
        simple: S[nodes.Value] = self._instants(is_event)
        own = simple if is_event else simple | self._drawn(_IN_ORDER, ["at"])
        return own | self._some((nodes.Shift, lambda: shifts(simple)), (nodes.Begin, self._begins))

    @once
    def _dates(self) -> S[nodes.Value]:
        return st.just(field_of("born")) | self._parts(self._instants(is_event=False), [Part.DATE])

    def _truths(self, is_event: bool) -> S[nodes.Value]:
        return st.just(field_of("is_new" if is_event else "is_vip"))


def field_of(name: str) -> nodes.Field:
    """A field of the person, or a property of the event."""
    return nodes.Field(path=(name,))


def optional_field(name: str) -> nodes.Field:
    """A field that a record may lack."""
    return nodes.Field(path=(name,), is_optional=True)


def constants(values: S[Any]) -> S[Any]:
    """Constants of these values."""
    return st.builds(lambda value: nodes.Constant(value=value), values)


def shifts(bases: S[nodes.Value]) -> S[nodes.Value]:
    """Times so long before or after others."""
    return st.builds(
        lambda base, span, is_forward: nodes.Shift(base=base, span=span, is_forward=is_forward),
        bases,
        spans(),
        st.booleans(),
    )


def spans() -> S[Span]:
    """Lengths of time, months and years too."""
    return st.builds(
        lambda count, unit: Span(count=count, unit=unit),
        st.sampled_from([1, 2, 7, 30]),
        st.sampled_from([Unit.HOUR, Unit.DAY, Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR]),
    )


def calendar_units() -> S[Unit]:
    """What begins on a calendar."""
    return st.sampled_from([Unit.DAY, Unit.WEEK, Unit.MONTH, Unit.YEAR])
