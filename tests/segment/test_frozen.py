from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
import weakref
from typing import Any

import attrs
import pytest

from mailkit.segment import nodes
from mailkit.segment.frozen import evolve, field, frozen

LATE = {
    "html",
    "json",
    "difflib",
    "calendar",
    "zoneinfo",
    "typing_extensions",
    "asyncio",
    "mailkit.clock",
    "mailkit.event",
}


def test_importing_loads_only_what_it_takes_to_build_a_tree() -> None:
    program = """
import attrs, sys
before = set(sys.modules)
from mailkit.segment import field as f, event as ev, days
(f.city == "Kazan") & ev.purchase.none(last=days(90))
print(*sorted(set(sys.modules) - before))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    ours = {name.removeprefix("mailkit.segment.") for name in loaded if name.startswith("mailkit.segment.")}
    assert ours == {"fields", "frozen", "functions", "happenings", "nodes", "segments", "spans", "values"}
    assert not loaded & LATE


@frozen
class Upper:
    one: int


@frozen
class Lower(Upper):
    two: str = "2"
    three: Any = field(factory=list, converter=tuple, eq=repr)
    four: int = field(init=False, repr=False, eq=False, default=0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "four", self.one + 3)


def test_fields_are_given_by_name_with_defaults_and_converters() -> None:
    lower = Lower(one=1)
    assert (lower.one, lower.two, lower.three, lower.four) == (1, "2", (), 4)
    assert repr(lower) == "Lower(one=1, two='2', three=())"
    assert Lower(one=1, three=[3]).three == (3,)
    assert weakref.ref(lower)() is lower
    assert not hasattr(lower, "__dict__")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, r"Lower\(\) needs the argument 'one'"),
        ({"two": "x"}, r"Lower\(\) needs the argument 'one'"),
        ({"one": 1, "tow": 2}, r"Lower\(\) has no argument 'tow'; did you mean 'two'\?"),
        ({"on": 1}, r"Lower\(\) has no argument 'on'; did you mean 'one'\?"),
        ({"one": 1, "xyz": 2}, r"has no argument 'xyz'; there are one, two, three"),
        ({"one": 1, "four": 2}, r"has no argument 'four'"),
    ],
)
def test_what_is_not_a_field_is_refused_and_what_is_missing_named(given: dict[str, int], expected: str) -> None:
    with pytest.raises(TypeError, match=expected):
        Lower(**given)  # type: ignore[arg-type]


def test_values_are_compared_by_class_and_content() -> None:
    assert Lower(one=1) == Lower(one=1, three=[])
    assert hash(Lower(one=1)) == hash(Lower(one=1, three=[]))
    assert Lower(one=1) != Lower(one=2)
    assert Lower(one=1, three=[1]) != Lower(one=1, three=[1.0])  # by their repr
    assert Upper(one=1) != Lower(one=1)
    assert nodes.Now() == nodes.Now() != nodes.Ever()


def test_values_are_never_changed() -> None:
    lower = Lower(one=1)
    for change in (lambda: setattr(lower, "one", 2), lambda: delattr(lower, "one")):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            change()


def test_values_are_copied_pickled_and_known_to_attrs() -> None:
    lower = Lower(one=1, two="x", three=[5])
    for twin in (copy.copy(lower), copy.deepcopy(lower), pickle.loads(pickle.dumps(lower))):
        assert (type(twin), twin, twin.four) == (Lower, lower, 4)
    assert evolve(lower, one=7) == attrs.evolve(lower, one=7) == Lower(one=7, two="x", three=[5])
    assert attrs.asdict(lower) == {"one": 1, "two": "x", "three": (5,), "four": 4}
    assert [one.name for one in attrs.fields(Lower)] == ["one", "two", "three", "four"]


def test_the_constructor_shows_its_arguments() -> None:
    assert str(inspect.signature(Lower)) == "(*, one: 'int', two: 'str' = '2', three: 'Any' = [])"
