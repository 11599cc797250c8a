"""When a segment is asked of many, or again and again, generated code answers; else the closures do.

How to think about it. Writing and compiling a function takes as long as the closures take for
some three hundred people, so a plan counts of how many it was asked, and has it written once that
is enough; it is kept with the segment. It does not depend on now: what does is bound to it in each
run. Its code is made for what the first records and events look like.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from mailkit.segment import nodes
from mailkit.segment.compiled.codegen import Odd, Program
from mailkit.segment.compiled.places import Shape
from mailkit.segment.compiled.programs import filtering, spreading
from mailkit.segment.running.access import is_read_by_attribute

if TYPE_CHECKING:
    from mailkit.segment.running.runs import Run

__all__ = ["Plan", "bound", "chosen", "counted", "kind_of", "shape_of", "spread"]

ENOUGH: Final = 400
"""Of so many people a segment is asked before code is generated for it."""
_SAMPLE: Final = 8
"""So many people are always asked about by the closures, which learn what events look like."""
_CHUNK: Final = 2048

Kind: TypeAlias = Literal["dict", "object", "other"]
Bind: TypeAlias = Callable[[Any], "Callable[[list[Any]], int] | None"]
"""From a person as most are to the function over many, which gives how many were odd; None if there is none."""


class Plan:
    """The generated code of one condition, for each shape of data that it has met."""

    __slots__ = ("_asked", "_programs", "node")

    def __init__(self, node: nodes.Condition) -> None:
        self.node, self._asked = node, 0
        self._programs: dict[Shape, Program | None] = {}

    def is_due(self, people: int) -> bool:
        """Whether generated code pays, now that it is asked of so many more."""
        self._asked += people
        return self._asked >= ENOUGH

    def program(self, shape: Shape) -> Program | None:
        """The code for data of this shape; None if there can be none."""
        if shape not in self._programs:
            self._programs[shape] = filtering(self.node, shape)
        return self._programs[shape]


def chosen(run: Run, plan: Plan, people: Iterable[Any]) -> list[Any]:
    """The people in the segment, in the order given."""
    kept: list[Any] = []
    deque(_chosen(run, plan, people, kept), maxlen=0)
    return kept


def counted(run: Run, plan: Plan, people: Iterable[Any]) -> int:
    """How many of the people are in the segment; they are not kept."""
    kept: list[Any] = []
    total = 0
    for _ in _chosen(run, plan, people, kept):
        total += len(kept)
        kept.clear()
    return total


def _chosen(run: Run, plan: Plan, people: Iterable[Any], kept: list[Any]) -> Iterator[None]:
    def slow(person: Any) -> bool:
        return run.which(person) == 0

    def bind(like: Any) -> Callable[[list[Any]], int] | None:
        program = plan.program(shape_of(run, like))
        return None if program is None else bound(program, run, like, SLOW=slow, ADD=kept.append)

    for chunk, function in _chunks(people, lambda more: plan.is_due(more) and run.is_checked, bind):
        if function is None:
            kept.extend(person for person in chunk if slow(person))
        yield


def spread(run: Run, people: Iterable[Any], *, to_first: bool = False) -> list[list[Any]]:
    """The people of each condition, in one pass, and at last those who fulfil none.

    Args:
        run: What is asked, and of whose events.
        people: The records.
        to_first: Whether each person goes to the first condition alone that he fulfils.
    """
    lists: list[list[Any]] = [[] for _ in (*run.conditions, None)]

    def slow(person: Any) -> None:
        for place in [run.which(person)] if to_first else run.places(person):
            if place >= -1:
                lists[place].append(person)

    def bind(like: Any) -> Callable[[list[Any]], int] | None:
        program = _spreading(run.conditions, shape_of(run, like), to_first)
        own = {f"ADD{place}": some.append for place, some in enumerate(lists)}
        return None if program is None else bound(program, run, like, SLOW=slow, **own)

    asked = 0

    def is_due(people: int) -> bool:
        nonlocal asked
        asked += people * len(run.conditions)
        return asked >= ENOUGH * len(run.conditions) and run.is_checked

    for chunk, function in _chunks(people, is_due, bind):
        if function is None:
            for person in chunk:
                slow(person)
    return lists


@lru_cache(maxsize=32)
def _spreading(conditions: tuple[nodes.Condition, ...], shape: Shape, to_first: bool) -> Program | None:
    return spreading(conditions, shape, to_first=to_first)


def _chunks(
    people: Iterable[Any], is_due: Callable[[int], bool], bind: Bind
) -> Iterator[tuple[list[Any], Callable[[list[Any]], int] | None]]:
    """The people in chunks, each with the function that has dealt with it; None if there was none."""
    rest = iter(people)
    function, is_open, size = None, True, _SAMPLE
    while chunk := list(islice(rest, size)):
        if size > _SAMPLE and function is None and is_open and is_due(len(chunk)):
            function = bind(chunk[0])
            is_open = function is not None
        if function is not None and 2 * function(chunk) > len(chunk):
            yield chunk, function
            function, is_open = None, False  # most are odd, and being tried in vain takes time
        else:
            yield chunk, function
        size = _CHUNK if size > _SAMPLE else ENOUGH


def shape_of(run: Run, record: Any) -> Shape:
    """What most records and events of a run look like, if they are like this record and the events found so far."""
    from mailkit.event import Event

    kind = kind_of(record)
    identity = record.get(run.key) if kind == "dict" else getattr(record, run.key, None)
    is_plain = kind != "other" and run.find.alike is not None and type(identity) is run.find.alike
    is_event = run.find.sample is not None and issubclass(run.find.sample, Event)
    return Shape(
        record=kind, event="event" if is_event else "dict", source="by_id" if is_plain else "found", key=run.key
    )


def kind_of(record: Any) -> Kind:
    """How the fields of records of this class are read."""
    if type(record) is dict:
        return "dict"
    return "object" if is_read_by_attribute(record) else "other"


def bound(program: Program, run: Run, like: Any, **own: Any) -> Any:
    """The program's function as of the run's now; None if it cannot answer as of then."""
    find = run.find
    get = None if find.by_id is None else find.by_id.get
    values = {"TURN": run.subject.turn_to, "FIND": find.given, "GET": get, "ID": find.alike, "CLASS": type(like)}
    try:
        return program.bound(run.maker, **values, **own)
    except Odd:
        return None
