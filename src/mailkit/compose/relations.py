"""Whether a selector matches an element: for all readers, for none, or for some.

How to think about it. The tree holds all branches of a template at once, and attributes may
hold Jinja. Each test answers always, never or maybe (Kleene's logic: "and" is the least, "or"
the greatest answer). Where elements come and go, what looks around asks which of them are
certain: those whose way is the beginning of one's own.

No question is asked twice: what is asked of an element's siblings, ancestors and descendants is
answered for all of them in one sweep and remembered, so that the work grows with the number of
elements and not with its square.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mailkit.compose import selectors as s
from mailkit.compose.effort import Effort
from mailkit.compose.siblings import Side, is_on_way, siblings, sides, sides_by_name
from mailkit.compose.single import INHERITED, SINGLE
from mailkit.compose.tree import Element
from mailkit.compose.varying import ALWAYS, MAYBE, NEVER, Truth

__all__ = ["Matcher"]

_Compounds = tuple[s.Compound, ...]
_Answers = dict[Element, Truth]
_BESIDE: Final = ("+", "~")
_NOTHING: Final[Side] = (0, 0, True)


class Matcher:
    """Asks elements the questions of selectors, and remembers the answers."""

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self._answers: dict[object, _Answers] = {}
        self._counted: dict[int, dict[Element, tuple[Truth, Side]]] = {}
        self._sides: dict[tuple[Element, bool, bool], Mapping[Element, Side]] = {}

    def truth(self, selector: s.Selector, element: Element) -> Truth:
        """Whether a selector matches an element."""
        return self._from(selector.compounds, 0, element)

    def forget(self) -> None:
        """Drop the answers, which are of no use for another selector."""
        self._answers.clear()
        self._counted.clear()

    def _known(self, kind: str, owner: object, number: int = 0) -> _Answers:
        key = (kind, id(owner), number)  # the selector keeps its parts alive
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = {}
        return found

    def _from(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        compound = compounds[number]
        answer = self._tested(compound, element)
        if not answer or not compound.left:
            return answer
        left = number + 1
        match compound.left:
            case ">":
                parent = element.parent
                return min(answer, self._asked(compounds, left, parent)) if parent is not None else NEVER
            case " ":
                return min(answer, self._above(compounds, left, element))
            case _:
                if not compounds[left].tests and compounds[left].is_wish:
                    return answer  # the client may put anything there
                beside = self._next_to if compound.left == "+" else self._behind
                return min(answer, beside(compounds, left, element))

    def _asked(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        known = self._known("from", compounds, number)
        answer = known.get(element)
        if answer is None:
            answer = known[element] = self._from(compounds, number, element)
        return answer

    def _above(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """What the elements around it answer."""
        known = self._known("above", compounds, number)
        walked: list[tuple[Element, Truth]] = []
        best, one = NEVER, element
        while one.parent is not None and one not in known:
            answer = self._asked(compounds, number, one.parent)
            walked.append((one, answer))
            if answer == ALWAYS:
                break
            one = one.parent
        else:
            best = known.get(one, NEVER)
        for one, answer in reversed(walked):
            best = known[one] = max(best, answer)
        return best

    def _next_to(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """What the element before it answers."""
        count, _, is_certain = self._side(element)
        if is_certain:
            return self._asked(compounds, number, siblings(element)[count - 1]) if count else NEVER
        return min(MAYBE, self._best(compounds, number, element))

    def _best(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """The greatest answer of an element and its siblings."""
        known = self._known("best", compounds, number)
        row = siblings(element)
        if row[0] not in known:
            self._effort.spend(len(row))
            known[row[0]] = max(self._asked(compounds, number, one) for one in row)
        return known[row[0]]

    def _behind(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """What the elements before it answer."""
        known = self._known("behind", compounds, number)
        if element not in known:
            row = siblings(element)
            self._effort.spend(len(row))
            best, always = NEVER, set()
            for one in row:
                way = one.way
                if self._side(one)[2]:
                    known[one] = best
                elif any(way[:length] in always for length in range(len(way) + 1)):
                    known[one] = ALWAYS
                else:
                    known[one] = min(MAYBE, self._best(compounds, number, one))
                answer = self._asked(compounds, number, one)
                best = max(best, answer)
                if answer == ALWAYS:
                    always.add(way)
        return known[element]

    def _side(self, element: Element, *, from_end: bool = False, same_type: bool = False) -> Side:
        """What stands before an element, or behind it; of its own name, if so asked."""
        row = siblings(element)
        key = (row[0], from_end, same_type)
        found = self._sides.get(key)
        if found is None:
            self._effort.spend(len(row))
            ordered = row[::-1] if from_end else row
            found = self._sides[key] = sides_by_name(ordered) if same_type else dict(sides(ordered))
        return found[element]

    # --- The tests of one compound

    def _tested(self, compound: s.Compound, element: Element) -> Truth:
        answer = ALWAYS
        self._effort.spend(1 + len(compound.tests))
        for test in compound.tests:
            single = SINGLE.get(type(test))
            passed = single(test, element) if single else self._looking_around(test, element)
            if not passed:
                return NEVER
            if passed < answer:
                answer = passed
        return answer

    def _looking_around(self, test: s.Test, element: Element) -> Truth:
        match test:
            case s.Nth():
                return self._nth(test, element)
            case s.Matches():
                answer = self._any(test.choices, element)
                return ALWAYS - answer if test.is_negative else answer
            case s.Has():
                return max((self._has(one.compounds, element) for one in test.choices), default=NEVER)
            case _:
                return self._inherited(test, element)

    def _any(self, choices: Sequence[s.Selector], element: Element) -> Truth:
        best = NEVER
        for one in choices:
            best = max(best, self._asked(one.compounds, 0, element))
            if best == ALWAYS:
                break
        return best

    def _inherited(self, test: Any, element: Element) -> Truth:
        known = self._known("inherited", test)
        walked = []
        one: Element | None = element
        answer: Truth | None = None
        while one is not None and answer is None:
            walked.append(one)
            answer = known.get(one)
            answer = INHERITED[type(test)](test, one) if answer is None else answer
            one = one.parent
        self._effort.spend(len(walked))
        known.update(dict.fromkeys(walked, answer or NEVER))
        return answer or NEVER

    def _nth(self, test: s.Nth, element: Element) -> Truth:
        own = ALWAYS
        if test.among:
            own, (count, least, is_certain) = self._among(test, element)
        else:
            count, least, is_certain = self._side(element, from_end=test.from_end, same_type=test.same_type)
        if not own:
            return NEVER
        if not is_certain:
            return MAYBE if test.step > 0 or test.first >= 1 + least else NEVER
        rest = count + 1 - test.first
        fits = rest == 0 if test.step == 0 else rest % test.step == 0 and rest // test.step >= 0
        if own == MAYBE:
            return MAYBE
        return ALWAYS if fits else NEVER

    def _among(self, test: s.Nth, element: Element) -> tuple[Truth, Side]:
        """Whether an element is one of those that are counted, and which of them stand on that side of it."""
        known = self._counted.setdefault(id(test), {})
        if element not in known:
            row = siblings(element)
            answers = {one: self._any(test.among, one) for one in (row[::-1] if test.from_end else row)}
            known.update((one, (NEVER, _NOTHING)) for one in row)
            worst = ALWAYS
            for one, side in sides([one for one, answer in answers.items() if answer]):
                known[one] = min(worst, answers[one]), side
                worst = min(worst, answers[one])
        return known[element]

    # --- What `:has` finds, from left to right

    def _has(self, compounds: _Compounds, element: Element) -> Truth:
        """Whether something stands in the places around an element that a relative selector names."""
        last = len(compounds) - 2
        for number in range(last):
            if compounds[number].left in _BESIDE and not compounds[number + 1].tests and compounds[number + 1].is_wish:
                # The client may put anything there: what follows may be anywhere.
                around = element.parent if compounds[last].left in _BESIDE else None
                return self._inside(compounds, number, around or element)
        return self._found(compounds, last, element)

    def _found(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """Whether there is what a selector asks for from one of its compounds on to the right."""
        match compounds[number].left:
            case ">":
                met = (_if_there(self._met(compounds, number, one), one, element) for one in element.children)
                return max(met, default=NEVER)
            case " ":
                return self._inside(compounds, number, element)
            case _:
                known = self._known("beside", compounds, number)
                if element not in known:
                    known.update(self._following(compounds, number, element))
                return known[element]

    def _met(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        """Whether an element is what a compound asks for, with all to the right of it; asked once of each."""
        answer = self._tested(compounds[number], element)
        return min(answer, self._found(compounds, number - 1, element)) if answer and number else answer

    def _inside(self, compounds: _Compounds, number: int, element: Element) -> Truth:
        known = self._known("inside", compounds, number)
        waiting = [element] if element not in known else []
        for one in waiting:
            waiting += (child for child in one.children if child not in known)
        self._effort.spend(len(waiting))
        for one in reversed(waiting):
            known[one] = max(
                (
                    _if_there(max(known[child], self._met(compounds, number, child)), child, one)
                    for child in one.children
                ),
                default=NEVER,
            )
        return known[element]

    def _following(self, compounds: _Compounds, number: int, element: Element) -> _Answers:
        """For each of some siblings, whether what is asked for comes behind it."""
        if element.parent is None:
            return {element: NEVER}
        row = element.parent.children
        self._effort.spend(len(row))
        answers = [self._met(compounds, number, one) for one in row]
        is_certain = [self._side(one)[2] for one in row]
        pairs = list(zip(answers, is_certain, strict=True))
        least = MAYBE if any(answer and not certain for answer, certain in pairs) else NEVER
        found: _Answers = {}
        if compounds[number].left == "+":
            for place, one in enumerate(row):
                has_next = place + 1 < len(row) and is_certain[place + 1]
                found[one] = max(least, _if_there(answers[place + 1], row[place + 1], one)) if has_next else least
            return found
        best, always = least, set()
        for one, (answer, certain) in reversed(list(zip(row, pairs, strict=True))):
            found[one] = ALWAYS if one.way in always else best
            if answer == ALWAYS:
                always.add(one.way)
            if answer and certain:
                best = max(best, MAYBE)
        return found


def _if_there(answer: Truth, other: Element, element: Element) -> Truth:
    return answer if is_on_way(other, element) else min(answer, MAYBE)
