"""The heads of rules, read as a browser reads them: one that it drops has no selectors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from mailkit.compose.css import IDENT, members, unescaped
from mailkit.compose.hooks import HOOKS
from mailkit.compose.selectors import (
    Attribute,
    Class,
    Compound,
    Dir,
    Empty,
    Has,
    Id,
    Lang,
    Link,
    Matches,
    Nth,
    Root,
    Scope,
    Selector,
    Tag,
    Test,
    Weight,
)

__all__ = ["selectors"]

_STATES: Final = re.compile(
    r"""hover|active|focus(?:-within|-visible)?|visited|target(?:-within)?|checked|disabled
      |enabled|default|indeterminate|(?:user-)?(?:in)?valid|(?:in|out-of)-range|required|optional|read-only|read-write
      |placeholder-shown|(?:-webkit-)?autofill|fullscreen|-webkit-full-screen|modal|open|popover-open|defined|host
      |current|past|future|playing|paused|muted""",
    re.VERBOSE,
)
_ELEMENTS: Final = re.compile(
    r"""before|after|first-line|first-letter|marker|selection|placeholder|backdrop|file-selector-button|cue|part|slotted
      |highlight|spelling-error|grammar-error|target-text|details-content|view-transition|-webkit-.+""",
    re.VERBOSE,
)
_OLD_ELEMENTS: Final = frozenset({"before", "after", "first-line", "first-letter"})
_PLACES: Final = {
    "first-child": Nth(0, 1, from_end=False, same_type=False),
    "last-child": Nth(0, 1, from_end=True, same_type=False),
    "first-of-type": Nth(0, 1, from_end=False, same_type=True),
    "last-of-type": Nth(0, 1, from_end=True, same_type=True),
}
_NTH: Final = re.compile(
    r"\s*(?:(odd|even)|([-+]?\d*)n(?:\s*([-+])\s*(\d+))?|([-+]?\d+))\s*(?:\bof\s+(.+))?\Z", re.IGNORECASE | re.DOTALL
)
# HTML, 4.16.2: attributes whose values selectors compare without regard to case.
_ANY_CASE: Final = re.compile(
    r"""accept(?:-charset)?|align|alink|axis|bgcolor|charset|checked|clear|codetype|color|compact|declare|defer|dir
      |direction|disabled|enctype|face|frame|hreflang|http-equiv|lang|language|link|media|method|multiple|nohref
      |noresize|noshade|nowrap|readonly|rel|rev|rules|scope|scrolling|selected|shape|target|text|type|valign|valuetype
      |vlink""",
    re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(
    rf"""\[\s*({IDENT})\s*(?:([~|^$*]?=)\s*(?:({IDENT})|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*([iIsS]?)\s*)?\]""",
    re.DOTALL,
)
_SIMPLE: Final = re.compile(rf"(?P<sign>[.#]|::?)(?P<name>{IDENT})(?P<call>\()?")
_TYPE: Final = re.compile(rf"\*|{IDENT}")
_COMBINATOR: Final = re.compile(r"\s*([>+~])\s*|\s+")
_BRACKET: Final = re.compile(r"""\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()]""", re.DOTALL)
_LONGEST_REMEMBERED: Final = 1_000  # so that strange letters do not fill the memory
_GMAIL: Final = re.compile(r"\s*u\s*\+")  # Gmail turns the doctype into a <u> before the letter


class _Malformed(ValueError):
    """A browser drops the rule."""


def selectors(heads: str, own: frozenset[str] = frozenset()) -> tuple[Selector, ...]:
    """The selectors of a rule; none if one of them is malformed or unknown, since browsers then drop the rule.

    Args:
        heads: The selectors, with commas between them.
        own: Names that clients put on letters and that this letter has itself.

    >>> [one.weight for one in selectors("#a p.b, :where(#a) > td:first-child")]
    [(1, 1, 1), (0, 1, 1)]
    >>> selectors("h1, h2:unheard-of")
    ()
    """
    return _remembered(heads, own) if len(heads) <= _LONGEST_REMEMBERED else _read(heads, own)


def _read(heads: str, own: frozenset[str]) -> tuple[Selector, ...]:
    try:
        return tuple(_Reader(text, own).selector() for text in members(heads))
    except (_Malformed, RecursionError):
        return ()


_remembered: Final = lru_cache(maxsize=4096)(_read)


def _forgiving(heads: str, own: frozenset[str]) -> tuple[Selector, ...]:
    """The selectors of `:is`, which leaves out malformed ones and those of pseudo-elements."""
    found = (one for text in members(heads) for one in selectors(text, own))
    return tuple(one for one in found if not one.is_beside)


def _heaviest(choices: tuple[Selector, ...]) -> Weight:
    return max((one.weight for one in choices), default=(0, 0, 0))


class _Reader:
    """Reads one selector from left to right."""

    def __init__(self, text: str, own: frozenset[str]) -> None:
        self._own = own
        self._text, self._at = text.strip(), 0
        self._weight = [0, 0, 0]
        self._tests: list[Test] = []
        self._is_wish = self._is_beside = self._has_hook = self._is_link = self._is_visited = False

    def selector(self, scope: Test | None = None) -> Selector:
        """The selector; with a scope, one that may begin with a combinator and starts at the scope."""
        found: list[Compound] = []
        is_wish, left = False, ""
        if scope is not None:
            found.append(Compound((scope,), "", is_wish=False))
            begin = _COMBINATOR.match(self._text)
            left = (begin[1] or " ") if begin else " "
            self._at = begin.end() if begin else 0
        while True:
            compound = self._compound(left)
            found.append(compound)
            is_wish = is_wish or compound.is_wish
            if self._at == len(self._text):
                break
            between = _COMBINATOR.match(self._text, self._at)
            if between is None or self._is_beside:
                raise _Malformed
            left, self._at = between[1] or " ", between.end()
        if _GMAIL.match(self._text):
            found[0], is_wish = Compound((), "", is_wish=True), True
        only_hook = self._has_hook and not found[-1].tests
        weight = (self._weight[0], self._weight[1], self._weight[2])
        return Selector(
            self._text,
            tuple(reversed(found)),
            weight,
            is_wish,
            is_beside=self._is_beside or only_hook,
            is_link=self._is_link,
            is_visited=self._is_visited,
        )

    def _compound(self, left: str) -> Compound:
        start, self._tests, self._has_hook, self._is_wish = self._at, [], False, False
        named = _TYPE.match(self._text, self._at)
        if named:
            self._at = named.end()
            if named.group() != "*":
                self._tests.append(Tag(unescaped(named.group()).lower()))
                self._weight[2] += 1
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                self._attribute()
            elif self._text[self._at] == "&":  # outside of a nested rule it is the root
                self._at += 1
                self._tests.append(Root())
            elif found := _SIMPLE.match(self._text, self._at):
                self._simple(found)
            else:
                break
        if self._at == start:
            raise _Malformed
        return Compound(tuple(self._tests), left, self._is_wish)

    def _is_hook(self, sign: str, name: str) -> bool:
        return bool(HOOKS[sign].fullmatch(name)) and name not in self._own

    def _hook(self) -> None:
        self._has_hook = self._is_wish = True
        self._weight[1] += 1

    def _attribute(self) -> None:
        found = _ATTRIBUTE.match(self._text, self._at)
        if found is None:
            raise _Malformed
        self._at = found.end()
        name = unescaped(found[1]).lower()
        if self._is_hook("[", name):
            return self._hook()
        value = next((unescaped(one) for one in found.group(3, 4, 5) if one is not None), "")
        any_case = found[6].lower() == "i" if found[6] else bool(_ANY_CASE.fullmatch(name))
        self._tests.append(Attribute(name, found[2] or "", value, any_case))
        self._weight[1] += 1
        return None

    def _simple(self, found: re.Match[str]) -> None:
        sign, name = found["sign"], unescaped(found["name"])
        self._at = found.end("name")
        if sign == "." and self._is_hook(sign, name):
            self._hook()
        elif sign == ".":
            self._tests.append(Class(name))
            self._weight[1] += 1
        elif sign == "#" and self._is_hook(sign, name):
            self._hook()
            self._weight[0] += 1
            self._weight[1] -= 1
        elif sign == "#":
            self._tests.append(Id(name))
            self._weight[0] += 1
        elif found["call"]:
            self._call(sign, name.lower())
        else:
            self._word(sign, name.lower())

    def _word(self, sign: str, name: str) -> None:
        if sign == "::" or name in _OLD_ELEMENTS:
            self._element(name)
        elif name in _PLACES:
            self._add(_PLACES[name])
        elif name in ("only-child", "only-of-type"):
            kind = name[5:]
            self._tests.append(_PLACES[f"first-{kind}"])
            self._add(_PLACES[f"last-{kind}"])
        elif name in ("root", "scope"):
            self._add(Root())
        elif name == "empty":
            self._add(Empty())
        elif name in ("link", "any-link", "-webkit-any-link"):
            self._is_link = self._is_link or name == "link"
            self._add(Link())
        elif _STATES.fullmatch(name):
            self._is_wish = True
            self._is_visited = self._is_visited or name == "visited"
            self._weight[1] += 1
        else:
            raise _Malformed

    def _element(self, name: str) -> None:
        if not _ELEMENTS.fullmatch(name):
            raise _Malformed
        self._is_beside = True
        self._weight[2] += 1

    def _add(self, test: Test) -> None:
        self._tests.append(test)
        self._weight[1] += 1

    def _call(self, sign: str, name: str) -> None:
        inside = self._inside()
        if sign == "::":
            self._element(name)
        elif name in ("is", "where", "not", "matches", "-webkit-any"):
            self._choices(name, inside)
        elif name == "has":
            choices = tuple(_Reader(text, self._own).selector(Scope()) for text in members(inside))
            self._gain(_heaviest(choices))
            self._tests.append(Has(choices))
            self._is_wish = self._is_wish or any(one.is_wish for one in choices)
        elif name in ("nth-child", "nth-last-child", "nth-of-type", "nth-last-of-type"):
            self._nth(name, inside)
        elif name == "lang":
            ranges = [part.strip().strip("\"'").lower() for part in members(inside)]
            self._add(Lang(tuple(ranges)))
        elif name == "dir":
            self._add(Dir(inside.strip().lower()))
        elif name in ("host", "host-context", "state"):
            self._is_wish = True
            self._weight[1] += 1
        else:
            raise _Malformed

    def _gain(self, weight: Weight) -> None:
        self._weight = [mine + more for mine, more in zip(self._weight, weight, strict=True)]

    def _choices(self, name: str, inside: str) -> None:
        choices = selectors(inside, self._own) if name == "not" else _forgiving(inside, self._own)
        if name == "not" and (not choices or any(one.is_beside for one in choices)):
            raise _Malformed
        if name != "where":
            self._gain(_heaviest(choices))
        is_wish = any(one.is_wish or (one.is_link and name == "not") for one in choices)
        self._is_wish = self._is_wish or is_wish
        if name != "not":
            self._is_link = self._is_link or any(one.is_link for one in choices)
            self._is_visited = self._is_visited or (bool(choices) and all(one.is_visited for one in choices))
        if not (is_wish and name == "not"):  # what the client may deny, it may also affirm
            self._tests.append(Matches(choices, is_negative=name == "not"))

    def _nth(self, name: str, inside: str) -> None:
        found = _NTH.match(inside)
        same_type = name.endswith("type")
        if found is None or (found[6] and same_type):
            raise _Malformed
        word, step, sign, first, alone, among = found.groups()
        if word:
            numbers = (2, 1 if word.lower() == "odd" else 0)
        elif alone:
            numbers = (0, int(alone))
        else:
            numbers = (int(step + "1" if step in ("", "+", "-") else step), int(f"{sign}{first}") if sign else 0)
        choices = selectors(among, self._own) if among else ()
        if among and not choices:
            raise _Malformed
        self._gain(_heaviest(choices))
        self._is_wish = self._is_wish or any(one.is_wish or one.is_link for one in choices)
        self._add(Nth(*numbers, from_end="last" in name, same_type=same_type, among=choices))

    def _inside(self) -> str:
        """What stands in the parentheses that begin here."""
        depth, start = 0, self._at + 1
        for found in _BRACKET.finditer(self._text, self._at):
            depth += {"(": 1, ")": -1}.get(found.group(), 0)
            if depth == 0:
                self._at = found.end()
                return self._text[start : found.start()]
        raise _Malformed
