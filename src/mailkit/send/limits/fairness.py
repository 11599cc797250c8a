"""Whose turn it is: from which lanes to lease, and how many from each.

How to think about it. The lanes are the leaves of a tree, and each letter walks down it:

    transactional before bulk ── higher priority before lower ── accounts ── campaigns ── lanes

Where one goes *before* the other, the other still gets a stated least share, so nobody starves. Where
they are *equals*, each keeps a mark that moves on by 1/weight with every letter, and the lowest
mark is next (start-time fair queuing). Who comes late, or comes back, begins at the mark that is
served now: nobody saves up turns. A branch is passed over only while it has no lane with room, so all
room is used that anybody can use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heapreplace
from typing import Any, Final, Protocol

import attrs

from mailkit.checks import at_least
from mailkit.send.limits.turns import Turns
from mailkit.send.outbox import Lane

__all__ = ["Claim", "Standing", "deal", "took"]

_ALMOST: Final = 1 - 1e-9
_UNBOUND: Final = 1 << 62
_FEW: Final = 1_000
"""So many marks of lanes that are not there are kept."""

_Path = tuple[Any, ...]


@attrs.frozen(kw_only=True)
class Claim:
    """A lane that wants turns.

    Attributes:
        lane: The lane.
        way: Which room its letters share with others', such as (identity, provider).
        most: How many turns it can use, if that is known.
    """

    lane: Lane
    way: tuple[str, str]
    most: int = attrs.field(default=_UNBOUND, validator=at_least(0))


@attrs.frozen(kw_only=True)
class Standing:
    """Who has had how much: what one deal leaves for the next.

    Attributes:
        marks: The mark of each equal, by its place in the tree.
        served: The mark that was served last among equals, by their place.
        credits: How much of a turn is owed to those who go after others, by their place.
    """

    marks: Mapping[_Path, float] = attrs.field(factory=dict, hash=False)
    served: Mapping[_Path, float] = attrs.field(factory=dict, hash=False)
    credits: Mapping[_Path, float] = attrs.field(factory=dict, hash=False)


class _Node(Protocol):
    def pick(self) -> int | None:
        """The number of the lane whose turn it is; None if none can use one."""
        ...


def deal(
    claims: Sequence[Claim],
    *,
    room: int,
    rooms: Mapping[tuple[str, str], int],
    standing: Standing,
    turns: Turns,
) -> tuple[dict[int, int], Standing]:
    """Say how many jobs to lease from each lane, and what to remember for the next deal.

    Args:
        claims: The lanes in which jobs are due.
        room: How many turns there are in all.
        rooms: How many there are on each way; as many as one likes where none is given.
        standing: What the last deal left; a plain `Standing()` at first.
        turns: How turns are shared.

    Returns:
        By the lanes' numbers, those that get any; and the new standing.

    >>> from datetime import UTC, datetime
    >>> lane = Lane(number=1, priority=0, is_transactional=False, account="", campaign="june", identity="", provider="",
    ...             due=datetime(2026, 3, 1, tzinfo=UTC))
    >>> receipts = attrs.evolve(lane, number=2, is_transactional=True, campaign="receipts")
    >>> claims = [Claim(lane=each, way=("", "")) for each in (lane, receipts)]
    >>> deal(claims, room=20, rooms={}, standing=Standing(), turns=Turns())[0]
    {2: 18, 1: 2}
    """
    if not claims:
        return {}, standing
    dealing = _Dealing(claims, rooms, standing, turns)
    dealt: dict[int, int] = {}
    for _ in range(room):
        number = dealing.root.pick()
        if number is None:
            break
        dealt[number] = dealt.get(number, 0) + 1
    return dealt, dealing.standing(standing)


def took(lane: Lane, unused: int, *, standing: Standing, turns: Turns) -> Standing:
    """The standing once a lane has given back turns that it could not use, since fewer of its jobs were due."""
    marks = dict(standing.marks)
    for path, weight in _equals(lane, turns):
        if path in marks:
            marks[path] -= unused / weight
    return attrs.evolve(standing, marks=marks)


class _Leaf:
    """One lane, as far as it can use turns."""

    __slots__ = ("_number", "_rooms", "_way", "most")

    def __init__(self, claim: Claim, rooms: dict[tuple[str, str], int]) -> None:
        self._number, self._way, self._rooms, self.most = claim.lane.number, claim.way, rooms, claim.most

    def pick(self) -> int | None:
        if self.most <= 0 or self._rooms[self._way] <= 0:
            return None
        self.most -= 1
        self._rooms[self._way] -= 1
        return self._number


class _Ranks:
    """Some go before others, who get their least share."""

    __slots__ = ("_first", "_rest", "_share", "credit", "path")

    def __init__(self, path: _Path, first: _Node, rest: _Node, least_share: float, credit: float) -> None:
        self.path, self._first, self._rest, self._share, self.credit = path, first, rest, least_share, credit

    def pick(self) -> int | None:
        credit = self.credit + self._share
        if credit < _ALMOST:
            number = self._first.pick()
            if number is None:
                return self._rest.pick()
            self.credit = credit
            return number
        number = self._rest.pick()
        if number is None:
            self.credit = 0.0  # who cannot use a turn is owed none
            return self._first.pick()
        self.credit = credit - 1
        return number


class _Equals:
    """Several who take turns by weight: a heap of their marks."""

    __slots__ = ("_dry", "_heap", "parent", "served")

    def __init__(self, children: Sequence[tuple[_Path, _Node, float]], standing: Standing) -> None:
        self.parent = children[0][0][:-1]
        self.served = standing.served.get(self.parent, 0.0)
        self._dry: dict[_Path, float] = {}
        self._heap = [
            (max(self.served, standing.marks.get(path, 0.0)), place, path, node, 1 / weight)
            for place, (path, node, weight) in enumerate(children)
        ]
        heapify(self._heap)

    def pick(self) -> int | None:
        heap = self._heap
        while heap:
            mark, place, path, node, step = heap[0]
            number = node.pick()
            if number is not None:
                self.served = mark
                heapreplace(heap, (mark + step, place, path, node, step))
                return number
            self._dry[path] = mark  # it stays so for this deal: room only shrinks
            heappop(heap)
        return None

    def marks(self) -> dict[_Path, float]:
        """The marks of all children."""
        return {**self._dry, **{path: mark for mark, _, path, _, _ in self._heap}}


class _Dealing:
    """The tree for one deal."""

    def __init__(
        self, claims: Sequence[Claim], rooms: Mapping[tuple[str, str], int], standing: Standing, turns: Turns
    ) -> None:
        self._standing, self._turns, self._claims = standing, turns, len(claims)
        self._weights: tuple[Mapping[str, float], ...] = (
            {},
            {},
            {},
            turns.accounts,
            turns.campaigns,
            {},
        )  # by the length of a path
        self._ranks: list[_Ranks] = []
        self._equals: list[_Equals] = []
        left = {claim.way: rooms.get(claim.way, _UNBOUND) for claim in claims}
        tree: dict[Any, Any] = {}
        for claim in claims:
            (account, _), (campaign, _), (lane, _) = _equals(claim.lane, turns)
            tree.setdefault(account, {}).setdefault(campaign, {})[lane] = _Leaf(claim, left)
        sorts: dict[bool, dict[int, list[_Path]]] = {}
        for path in tree:
            sorts.setdefault(path[0], {}).setdefault(path[1], []).append(path)
        self.root = self._ranked((), {kind: self._priorities(kind, sort, tree) for kind, sort in sorts.items()})

    def standing(self, old: Standing) -> Standing:
        """What to remember: of those who are not there now, only whose mark lies ahead, and not too many."""
        served = {**old.served, **{equals.parent: equals.served for equals in self._equals}}
        marks = {path: mark for path, mark in old.marks.items() if mark > served.get(path[:-1], 0.0)}
        owed = {**old.credits, **{ranks.path: ranks.credit for ranks in self._ranks}}
        if len(marks) + len(served) > _FEW + 4 * self._claims:
            marks, served, owed = {}, {}, {}
        for equals in self._equals:
            marks.update(equals.marks())
            served[equals.parent] = equals.served
        return Standing(marks=marks, served=served, credits=owed)

    def _priorities(self, kind: bool, sort: dict[int, list[_Path]], tree: dict[Any, Any]) -> _Node:
        nodes = {}
        for priority, paths in sort.items():
            nodes[priority] = self._level([(path, tree[path]) for path in paths])
        return self._ranked((kind,), nodes)

    def _ranked(self, path: _Path, nodes: Mapping[Any, _Node]) -> _Node:
        """The nodes one before another, the highest name first."""
        names = sorted(nodes)
        node = nodes[names[0]]
        for name in names[1:]:
            place = (*path, name)
            credit = self._standing.credits.get(place, 0.0)
            node = _Ranks(place, nodes[name], node, self._turns.least_share, credit)
            self._ranks.append(node)
        return node

    def _level(self, children: Sequence[tuple[_Path, Any]]) -> _Node:
        """The children as equals; one alone needs no marks."""
        nodes = [
            (path, self._level(list(below.items())) if isinstance(below, dict) else below, self._weight(path))
            for path, below in children
        ]
        if len(nodes) == 1:
            return nodes[0][1]
        equals = _Equals(nodes, self._standing)
        self._equals.append(equals)
        return equals

    def _weight(self, path: _Path) -> float:
        weights = self._weights[len(path)]
        return weights.get(path[-1], 1.0) if weights else 1.0


def _equals(lane: Lane, turns: Turns) -> tuple[tuple[_Path, float], ...]:
    """The lane's places among equals, and its weights there: as an account, as a campaign, as a lane."""
    account = (lane.is_transactional, lane.priority, lane.account)
    campaign = (*account, lane.campaign)
    return (
        (account, turns.accounts.get(lane.account, 1.0)),
        (campaign, turns.campaigns.get(lane.campaign, 1.0)),
        ((*campaign, lane.number), 1.0),
    )
