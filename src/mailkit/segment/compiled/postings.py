"""Who did what when, sorted by time: for each kind of event the instants, and the numbers of the people.

How to think about it. A window is a slice of a sorted list, so two bisections find it. Who did
something in it is the set of the numbers in the slice, and who did not are all others: those are kept
as what they are not, since most people are among them. With numpy, a set is an array of truth values.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from itertools import compress
from typing import Any, Final, TypeAlias

import attrs

__all__ = ["Algebra", "Arrays", "Postings", "Sets", "algebra_for"]

Numbers: TypeAlias = "list[int] | array[int]"
"""People's numbers, each as often as there are events."""
_MANY: Final = 20_000
"""With fewer events than this, loading numpy takes longer than it saves."""


class Postings:
    """The events of one kind, by time; what is added at an earlier time is put in its place when it is asked about."""

    __slots__ = ("_cached", "_given", "_is_sorted", "_numbers", "_times")

    def __init__(self) -> None:
        self._times: list[datetime] = []
        self._numbers = array("q")  # side by side in memory, where a list has the numbers anywhere
        self._given: list[Any] = []
        self._is_sorted = True
        self._cached: Any = None

    def add(self, at: datetime, number: int, given: Any) -> None:
        """Take in an event as it was given: when it happened, and to whom."""
        times = self._times
        if times and at < times[-1]:
            self._is_sorted = False
        times.append(at)
        self._numbers.append(number)
        self._given.append(given)
        self._cached = None

    def places(self, start: datetime, end: datetime) -> slice:
        """The places of the events from one instant until before another."""
        if not self._is_sorted:
            order = sorted(range(len(self._times)), key=self._times.__getitem__)
            self._times = [self._times[place] for place in order]
            self._numbers = array("q", [self._numbers[place] for place in order])
            self._given = [self._given[place] for place in order]
            self._is_sorted = True
        return slice(bisect_left(self._times, start), bisect_left(self._times, end))

    def numbers(self, places: slice) -> Numbers:
        """The people of these events, each as often as there are events."""
        return self._numbers[places]

    def given(self, places: slice) -> list[Any]:
        """These events."""
        return self._given[places]

    def cached(self, make: Callable[[Numbers], Any]) -> Any:
        """What is made of all numbers, once until an event is added."""
        if self._cached is None:
            self._cached = make(self._numbers)
        return self._cached


@attrs.frozen
class _Set:
    """Some numbers, of which a list may have some more than once; or all but these."""

    some: set[int] | Numbers
    is_all_but: bool = False


@attrs.frozen
class _Mask:
    """Numbers as a byte for each person: 1 if he is among them."""

    some: bytes


_OTHERS: Final = bytes([1, 0]) + bytes(254)


class Sets:
    """Sets of people's numbers, with what Python has."""

    def __init__(self, people: int) -> None:
        self._people = people

    def at_least(self, times: int, postings: Postings, start: datetime, end: datetime) -> Any:
        """Those with so many events, or more, in a slice."""
        return self.often(times, postings.numbers(postings.places(start, end)))

    def often(self, times: int, numbers: Numbers) -> Any:
        """Those who are met so many times, or more."""
        if times == 0:
            return _Set(set(), is_all_but=True)
        if times == 1:
            return _Set(numbers)
        if times > 255:
            return _Set({number for number, met in Counter(numbers).items() if met >= times})
        met, last, found = bytearray(self._people), times - 1, []
        for number in numbers:
            if met[number] == last:
                found.append(number)
            else:
                met[number] += 1
        return _Set(set(found))

    def masked(self, mask: bytes) -> Any:
        """Those who have a 1 in it."""
        return _Mask(mask)

    def inverted(self, found: Any) -> Any:
        """All others."""
        if isinstance(found, _Mask):
            return _Mask(found.some.translate(_OTHERS))
        return _Set(found.some, is_all_but=not found.is_all_but)

    def both(self, one: Any, other: Any) -> Any:
        """Those in both."""
        if isinstance(one, _Mask) or isinstance(other, _Mask):
            return self._both_masked(one, other)
        if one.is_all_but and not other.is_all_but:
            one, other = other, one
        if one.is_all_but:
            return _Set({*one.some, *other.some}, is_all_but=True)
        if other.is_all_but:
            return _Set(set(one.some).difference(other.some))
        few, many = sorted((one.some, other.some), key=len)
        return _Set(set(few).intersection(many))

    def _both_masked(self, one: Any, other: Any) -> Any:
        if not isinstance(one, _Mask):
            one, other = other, one
        if isinstance(other, _Mask):
            bits = int.from_bytes(one.some) & int.from_bytes(other.some)
            return _Mask(bits.to_bytes(self._people))
        if other.is_all_but:
            mask = bytearray(one.some)
            for number in other.some:
                mask[number] = 0
            return _Mask(bytes(mask))
        return _Set(list(compress(other.some, map(one.some.__getitem__, other.some))))

    def all_of(self, found: list[Any]) -> Any:
        """Those in all of them, of which the smallest are joined first."""
        return reduce(self.both, sorted(found, key=self._size))

    def _size(self, found: Any) -> int:
        """About how long it takes to join it."""
        if isinstance(found, _Mask):
            return self._people
        return self._people * 2 if found.is_all_but else len(found.some)

    def listed(self, found: Any) -> list[int]:
        """The numbers in their order."""
        if isinstance(found, _Mask):
            return list(compress(range(self._people), found.some))
        some = set(found.some)
        return [number for number in range(self._people) if number not in some] if found.is_all_but else sorted(some)


class Arrays:
    """Sets of people's numbers as arrays of numpy."""

    def __init__(self, people: int, numpy: Any) -> None:
        self._people, self._numpy = people, numpy

    def at_least(self, times: int, postings: Postings, start: datetime, end: datetime) -> Any:
        """Those with so many events, or more, in a slice."""
        places = postings.places(start, end)
        return self.often(times, postings.cached(lambda numbers: self._numpy.array(numbers, dtype="int64"))[places])

    def often(self, times: int, numbers: Any) -> Any:
        """Those who are met so many times, or more."""
        if times == 1:
            found = self._numpy.zeros(self._people, dtype=bool)
            found[numbers] = True
            return found
        return self._numpy.bincount(self._numpy.asarray(numbers, dtype="int64"), minlength=self._people) >= times

    def masked(self, mask: bytes) -> Any:
        """Those who have a 1 in it."""
        return self._numpy.frombuffer(mask, dtype=bool)

    def all_of(self, found: list[Any]) -> Any:
        """Those in all of them."""
        return reduce(self.both, found)

    def inverted(self, found: Any) -> Any:
        """All others."""
        return ~found

    def both(self, one: Any, other: Any) -> Any:
        """Those in both."""
        return one & other

    def listed(self, found: Any) -> list[int]:
        """The numbers in their order."""
        numbers: list[int] = self._numpy.flatnonzero(found).tolist()
        return numbers


Algebra: TypeAlias = Sets | Arrays


def algebra_for(people: int, events: int) -> Algebra:
    """The faster of the two, as far as numpy is there."""
    if events < _MANY:
        return Sets(people)
    try:
        import numpy  # the application's own, if it has it
    except ImportError:
        return Sets(people)
    return Arrays(people, numpy)
