"""Which declarations of wishes become important, since they beat what is inlined.

That is decided from the rules alone, so that it is the same for all readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from mailkit.compose.css import Declaration
from mailkit.compose.declaring import Rank, Rule, Said, Source
from mailkit.compose.effort import Effort, Exhausted
from mailkit.compose.properties import covers, overlap, touches
from mailkit.compose.selectors import Names, may_meet

__all__ = ["Raised", "raise_wishes"]

_WEAKEST: Final[Rank] = (False, (), (0, 0, 0), -1, -1)
Raised = frozenset[tuple[Rule, Declaration]]
"""The declarations of wishes that must become important."""


@attrs.frozen
class _Kind:
    """What declarations have in common that are raised, or not, for the same reasons."""

    names: Names
    name: str
    value: str


_Lowest = dict[str, dict[_Kind, Rank]]
"""For each thing that may be set the weakest declaration of each kind that sets it."""


def _add(lowest: _Lowest, rule: Rule, said: Said, rank: Rank) -> None:
    kind = _Kind(rule.selector.names, said.declaration.name, said.declaration.value)
    for part in said.touched:
        kinds = lowest.setdefault(part, {})
        kinds[kind] = min(rank, kinds.get(kind, rank))


def raise_wishes(fixed: Sequence[Rule], wishes: Sequence[Rule], sources: Sequence[Source]) -> Raised:
    """The declarations of wishes that beat a fixed one, and those that beat one of these.

    What is for visited links beats all that is for others, whatever their weights: it never holds beside it.
    """
    effort = Effort()
    lowest: _Lowest = {}
    unvisited: _Lowest = {}
    for rule in fixed:
        for said in rule.said:
            if not said.declaration.is_important:
                _add(lowest, rule, said, rule.rank(said.declaration))
            if rule.selector.is_link:
                _add(unvisited, rule, said, _WEAKEST)
    weak = [
        (rule.rank(said.declaration), rule, said)
        for rule in wishes
        for said in rule.said
        if not any(
            other.declaration.is_important and covers(other.declaration.name, said.declaration.name)
            for other in rule.said
        )
    ]
    raised: set[tuple[Rule, Declaration]] = set()
    for rank, rule, said in sorted(weak, key=lambda one: one[0]):  # the weak first: only they can be beaten
        try:
            if _beats(rule, said, lowest, effort) or (
                rule.selector.is_visited and _beats(rule, said, unvisited, effort)
            ):
                raised.add((rule, said.declaration))
                _add(lowest, rule, said, rank)
        except Exhausted as error:
            reason = "there are too many rules that set the same"
            raise sources[rule.sheet].error(reason, rule.block.start) from error
    return frozenset(raised)


def _beats(rule: Rule, said: Said, others: _Lowest, effort: Effort) -> bool:
    """Whether a declaration beats one of these others on some element, and says something else."""
    rank, names, declaration = rule.rank(said.declaration), rule.selector.names, said.declaration
    asked = others if "*" in said.touched else [part for part in (*said.touched, "*") if part in others]
    for part in asked:
        if overlap(said.touched, frozenset({part}) if part != "*" else touches("all")):
            for kind, other in others[part].items():
                effort.spend(1)
                is_same = kind.name == declaration.name and kind.value == declaration.value
                if other < rank and not is_same and may_meet(names, kind.names):
                    return True
    return False
