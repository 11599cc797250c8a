"""What stands in an element's `style` attribute after inlining, so that it looks as before.

How to think about it. In the source, importance, weight and order decide between rules, and
the author's `style` attribute stands above all rules of the same importance. In the attribute
only the order is left. So fixed rules' declarations stand before what the author wrote, their
important ones after it, each in the order of the cascade. They lose their `!important`, which
would also beat the wishes that beat them in the source. Where a wish must lose against them
and would win, being important, they get it: that is decided for each declaration.

A declaration whose value some client may not understand does not end the ones before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from mailkit.compose.css import Declaration
from mailkit.compose.declaring import Rank, Rule, Said
from mailkit.compose.effort import Effort
from mailkit.compose.properties import EVERYTHING, covers, overlap, parts, surely_sets, touches
from mailkit.compose.raising import Raised
from mailkit.compose.varying import ALWAYS, MAYBE, Truth

__all__ = ["Look", "Wish", "settle"]

_AUTHOR: Final = ((math.inf, 0.0), (math.inf,))  # above all layers, if normal and if important


@attrs.frozen
class Wish:
    """A rule that stays in a `<style>` and matches the element."""

    rule: Rule
    truth: Truth


@attrs.frozen(kw_only=True)
class Look:
    """What is to stand in a `style` attribute.

    Attributes:
        before: What stands before the author's own declarations.
        important: The author's declarations that must be important.
        after: What stands behind the author's own declarations.
        replaces: Whether the author's own declarations are in there already.
        apart: Rules for elements of this look alone, where importance cannot keep the order of
            the source: each with the wish on which it depends and its declarations, the strongest last.
        depends: Whether another reader may need something else.
    """

    before: str = ""
    important: tuple[Declaration, ...] = ()
    after: str = ""
    replaces: bool = False
    apart: tuple[tuple[Rule, str], ...] = ()
    depends: bool = False


@attrs.frozen(eq=False)
class _Line:
    """A declaration with its place in the cascade."""

    declaration: Declaration
    touched: frozenset[str]
    rank: Rank
    is_authors: bool
    is_link: bool = False


@attrs.frozen(eq=False)
class _Hope:
    """A declaration of a wish, with its place in the source and after inlining."""

    rule: Rule
    said: Said
    before: Rank
    after: Rank
    truth: Truth

    @property
    def is_visited(self) -> bool:
        """Whether it is for visited links, and so holds where no rule for unvisited ones does."""
        return self.rule.selector.is_visited

    def loses(self, line: _Line) -> bool:
        """Whether a line beats it in the source."""
        return self.before < line.rank and not (line.is_link and self.is_visited)


def settle(
    fixed: Sequence[Rule],
    author: Sequence[Declaration] | None,
    wishes: Iterable[Wish],
    raised: Raised,
    effort: Effort,
) -> Look:
    """The look of an element.

    Args:
        fixed: The fixed rules that match it.
        author: What its `style` attribute declares; None if only Jinja knows.
        wishes: The other rules that match it.
        raised: The declarations of wishes that become important.
        effort: What comparing them may cost.

    Raises:
        Exhausted: It costs more.
    """
    wishes = tuple(wishes)
    lines = _lines(fixed, author or (), is_visited=any(wish.rule.selector.is_visited for wish in wishes))
    hopes = [
        _Hope(wish.rule, said, rank, wish.rule.rank(said.declaration, is_important=important), wish.truth)
        for wish in wishes
        for said in wish.rule.said
        for rank in (wish.rule.rank(said.declaration),)
        for important in (rank[0] or (wish.rule, said.declaration) in raised,)
    ]
    effort.spend(len(lines) * (1 + len(lines) // 4 + len(hopes)) + len(hopes) ** 2)
    needs = [(line, hope) for line, hope in _pairs(lines, hopes) if _wins_wrongly(line, hope, hopes, effort)]
    needed = {hope for _, hope in needs}
    marked = _with_stronger({line for line, _ in needs}, lines)
    torn = _torn(lines, hopes, marked)
    marked = {line for line in marked if not overlap(line.touched, torn)}
    # An important line of a rule must stand between the author's normal and important ones.
    is_between = any(line.rank[0] and not line.is_authors for line in marked)
    replaces = is_between and any(line.rank[0] and line.is_authors for line in lines)
    texts: dict[bool, list[str]] = {False: [], True: []}
    for line in lines:
        if replaces or not line.is_authors:
            strong = line in marked or (line.is_authors and line.rank[0])
            texts[line.rank[0]].append(_text(line.declaration, is_important=strong))
    return Look(
        before=";".join(texts[False]),
        replaces=replaces,
        important=tuple(line.declaration for line in lines if line in marked and line.is_authors and not line.rank[0]),
        after=";".join(texts[True]),
        apart=tuple(_apart(lines, hopes, torn)),
        depends=any(hope.truth == MAYBE and (overlap(hope.said.touched, torn) or hope in needed) for hope in hopes)
        or (author is None and any(hope.after[0] and not hope.before[0] for hope in hopes)),
    )


def _text(declaration: Declaration, *, is_important: bool) -> str:
    value = declaration.value
    if '"' in value and not set("'\\") & set(value):  # double quotes stand around the attribute
        value = value.replace('"', "'")
    return f"{declaration.name}:{value}{' !important' if is_important else ''}"


def _lines(fixed: Sequence[Rule], author: Sequence[Declaration], *, is_visited: bool) -> list[_Line]:
    """All declarations that stand in the attribute, the strongest last, without those that can have no effect.

    A rule for unvisited links leaves those that are weaker where another is for visited ones, as they may beat that.
    """
    found = [
        _Line(said.declaration, said.touched, rule.rank(said.declaration), False, rule.selector.is_link)
        for rule in fixed
        for said in rule.said
    ]
    for one in author:
        rank = (one.is_important, _AUTHOR[one.is_important], (0, 0, 0), 0, one.start)
        found.append(_Line(one, touches(one.name), rank, is_authors=True))
    found.sort(key=lambda line: line.rank)
    left: list[_Line] = []
    covered: set[str] = set()
    seen: set[tuple[str, str]] = set()
    for line in reversed(found):
        name, value = line.declaration.name, line.declaration.value
        if line.is_authors or ((name, value) not in seen and not covered.issuperset(parts(name))):
            left.append(line)
        if line.is_link and is_visited:
            continue
        seen.add((name, value))
        covered |= surely_sets(name, value)
    return left[::-1]


def _with_stronger(chosen: set[_Line], lines: Sequence[_Line]) -> set[_Line]:
    """Lines, and all stronger ones that set the same: what is important beats what stands behind it."""
    found = set(chosen)
    for place, line in enumerate(lines):
        if line in found:
            found.update(other for other in lines[place + 1 :] if overlap(line.touched, other.touched))
    return found


def _torn(lines: Sequence[_Line], hopes: Sequence[_Hope], marked: set[_Line]) -> frozenset[str]:
    """What is set by wishes of which some must win over a line and some lose, or that changed places."""
    torn: set[str] = set()
    for line, hope in _pairs(lines, hopes):
        if line in marked and not hope.loses(line):
            torn |= line.touched | hope.said.touched
    for hope in hopes:
        if hope.after[0] and not hope.before[0]:
            for other in hopes:
                is_swapped = other.before > hope.before and other.after < hope.after
                if is_swapped and overlap(other.said.touched, hope.said.touched):
                    torn |= other.said.touched | hope.said.touched
    parts_ = [line.touched for line in lines] + [hope.said.touched for hope in hopes]
    size = -1
    while torn and size != len(torn):
        size = len(torn)
        for touched in parts_:
            if overlap(touched, frozenset(torn)):
                torn |= touched
    return EVERYTHING if "*" in torn else frozenset(torn)


def _apart(lines: Sequence[_Line], hopes: Sequence[_Hope], torn: frozenset[str]) -> Iterator[tuple[Rule, str]]:
    """For each wish about what is torn: what it says, and the lines that beat it."""
    involved = [hope for hope in hopes if hope.after[0] and overlap(hope.said.touched, torn)]
    for hope in sorted(involved, key=lambda hope: hope.before):
        beating = {line for line, other in _pairs(lines, [hope]) if other.loses(line)}
        texts = [_text(hope.said.declaration, is_important=True)]
        stronger = {line for line in _with_stronger(beating, lines) if not (line.is_link and hope.is_visited)}
        texts += [_text(line.declaration, is_important=True) for line in lines if line in stronger]
        yield hope.rule, ";".join(texts)


def _pairs(lines: Sequence[_Line], hopes: Sequence[_Hope]) -> Iterator[tuple[_Line, _Hope]]:
    """The lines and wishes that set the same thing."""
    return ((line, hope) for line in lines for hope in hopes if overlap(hope.said.touched, line.touched))


def _wins_wrongly(line: _Line, hope: _Hope, hopes: Sequence[_Hope], effort: Effort) -> bool:
    """Whether a wish loses to a line in the source, and would win over it in an attribute."""
    if not hope.after[0] or not hope.loses(line) or (line.is_authors and line.rank[0]):
        return False
    effort.spend(len(hopes))
    return not any(_stands_in(other, hope, line) for other in hopes)


def _stands_in(other: _Hope, hope: _Hope, line: _Line) -> bool:
    """Whether, whenever a wish holds, another holds too that beats both it and the line."""
    return (
        other.truth == ALWAYS
        and other.rule.states == hope.rule.states
        and not other.loses(line)
        and other.after > hope.after
        and any(covers(other.said.declaration.name, one.name) for one in (hope.said.declaration, line.declaration))
    )
