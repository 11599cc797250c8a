"""Regular expressions that never take longer than the text is long, whoever wrote the pattern.

Python's `re` tries one way after another, so that `(a|a)*b` over forty letters takes hours. Here a
pattern is read by a parser of our own. Where the number of steps that `re` could need is bounded by
the length of the text, `re` runs it, since it is fast; otherwise an automaton does, which looks at
every character once.

What a pattern may have, all of it as in `re`:

| Written | Means |
|---|---|
| `a`, `\\.`, `\\n`, `\\x41`, `\\u0416` | a character |
| `.` | any character but a line feed |
| `[a-zё]`, `[^0-9]`, `\\d \\D \\w \\W \\s \\S` | one of several characters; of all of Unicode |
| `^`, `$`, `\\A`, `\\Z`, `\\b`, `\\B` | the beginning, the end, the edge of a word or none |
| `(ab)`, `(?:ab)` | a group |
| `a\\|b` | one or the other |
| `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}` | how often; with another `?`, which changes nothing here |
| `(?i)` at the very beginning | upper and lower case do not differ |

Look-around, back-references and what else needs to try again and again are refused.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mailkit.errors import SegmentError, shorten
from mailkit.segment.regex.automaton import LARGEST, Automaton, size
from mailkit.segment.regex.cost import longest_for_re
from mailkit.segment.regex.syntax import parse, rendered, trimmed

__all__ = ["Pattern", "compiled"]


class Pattern:
    """A regular expression that answers whether it matches anywhere in a text.

    Attributes:
        source: As it was written.
        longest_for_re: In texts up to this length `re` is safe; None if in all.
    """

    __slots__ = ("_automaton", "_ignores_case", "_re", "_tree", "longest_for_re", "source")

    def __init__(self, source: str) -> None:
        tree, self._ignores_case = parse(source)
        if size(tree) > LARGEST:
            reason = f"the pattern is too large: its parts, times their repetitions, are over {LARGEST}"
            raise SegmentError(reason, text=source)
        self.source = source
        self._tree = trimmed(tree)
        self._automaton: Automaton | None = None
        self.longest_for_re = longest_for_re(self._tree)
        self._re = re.compile(rendered(self._tree), re.IGNORECASE if self._ignores_case else 0)

    @property
    def automaton(self) -> Automaton:
        """What searches longer texts."""
        if self._automaton is None:
            self._automaton = Automaton(self._tree, ignores_case=self._ignores_case)
        return self._automaton

    def search(self, text: str) -> bool:
        """Whether it matches anywhere in the text."""
        if self.longest_for_re is None or len(text) <= self.longest_for_re:
            return self._re.search(text) is not None
        return self.automaton.search(text)[0]

    def __repr__(self) -> str:
        return f"<Pattern {self.source!r}>"


@lru_cache(maxsize=128)
def compiled(pattern: str) -> Pattern:
    """The pattern, ready to search.

    Raises:
        SegmentError: It cannot be read, has what is refused, or is too large; with the place.

    >>> compiled(r"@(corp|firm)\\.ru$").search("anna@firm.ru")
    True
    >>> compiled(r"(a|a)*b$").search("a" * 100_000)
    False
    >>> compiled(r"(?<=@)corp")
    Traceback (most recent call last):
    mailkit.errors.SegmentError: segment: a pattern looks neither ahead nor back, since ... (at column 1)
        (?<=@)corp
        ~~~~
    """
    if not isinstance(pattern, str):
        raise SegmentError(f"{shorten(pattern)} is not a pattern: a regular expression is a text")
    return Pattern(pattern)
