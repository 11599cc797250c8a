"""What an attribute with Jinja in it may say, as far as that is known before there is a reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from mailkit.compose.marks import MARK, Kind, Marks
from mailkit.compose.markup import Attribute, attributes, decoded

__all__ = ["ALWAYS", "MAYBE", "NEVER", "Truth", "Varied", "given", "may_lack"]

Truth = int
"""Whether something holds for all readers, for none, or for some."""
NEVER: Final = 0
MAYBE: Final = 1
ALWAYS: Final = 2

_GAP: Final = "\0"
_MOST: Final = 64  # how many texts are tried one by one
_CHOICES: Final = {"if": 1, "elif": 0, "else": 0, "endif": -1}


@attrs.frozen
class Varied:
    """A value that differs by reader.

    Attributes:
        texts: All that it may be, where that is known.
        shape: Otherwise what is always there, with a NUL for each gap.
        may_lack: Whether the attribute may be absent altogether.
    """

    texts: tuple[str, ...] = ()
    shape: str = _GAP
    may_lack: bool = False

    def judge(self, holds: Callable[[str], bool]) -> Truth:
        """Whether something holds for the value."""
        if not self.texts:
            return MAYBE
        answers = {holds(text) for text in self.texts}
        return self._if_there(MAYBE if len(answers) == 2 else ALWAYS * answers.pop())

    def equals(self, value: str) -> Truth:
        """Whether it is this text."""
        if self.texts:
            return self.judge(lambda text: text == value)
        pattern = ".*".join(re.escape(part) for part in re.split(f"{_GAP}+", self.shape))
        return MAYBE if re.fullmatch(pattern, value, re.DOTALL) else NEVER

    def has_word(self, word: str) -> Truth:
        """Whether this word is among its words."""
        if self.texts:
            return self.judge(lambda text: word in text.split())
        return self._if_there(ALWAYS if word in self.shape.split() else MAYBE)

    def _if_there(self, answer: Truth) -> Truth:
        return min(answer, MAYBE) if self.may_lack else answer


def given(tag: str, marks: Marks | None) -> dict[str, str | Varied]:
    """The attributes of a start tag: of a repeated one the first."""
    found: dict[str, str | Varied] = {}
    if marks is None or not MARK.search(tag):
        for one in attributes(tag):
            found.setdefault(one.name, decoded(one.value) if "&" in one.value else one.value)
        return found
    unsure: dict[str, list[str]] = {}
    for one in attributes(tag):
        name = MARK.sub("", one.name)
        if may_lack(tag, one):
            if name and name not in found:
                unsure.setdefault(name, []).append(decoded(one.value))
        else:
            found.setdefault(name, _varied(decoded(one.value), marks))
    for name, values in unsure.items():
        found[name] = _unsure(values, found.get(name))
    return found


def _unsure(values: list[str], otherwise: str | Varied | None) -> Varied:
    """The value of an attribute that stands between statements, and that of one that follows them."""
    texts = [value.rstrip("".join(MARK.findall(value))) for value in values]
    if isinstance(otherwise, str):
        texts.append(otherwise)
    is_known = not isinstance(otherwise, Varied) and not any(MARK.search(text) for text in texts)
    return Varied(texts=tuple(texts) if is_known else (), may_lack=otherwise is None)


def may_lack(tag: str, given: Attribute) -> bool:
    """Whether an attribute stands between statements, and so may be absent for some readers."""
    quoted = [(one.start, one.end) for one in attributes(tag) if one.is_quoted]
    places = [found.start() for found in MARK.finditer(tag)]
    loose = [place for place in places if not any(start < place < end for start, end in quoted)]
    is_after = given.start >= loose[-1] and not MARK.search(given.name) if loose else True
    return bool(loose) and given.end > loose[0] and not is_after


def _varied(value: str, marks: Marks) -> str | Varied:
    if not MARK.search(value):
        return value
    parts = re.split(f"({MARK.pattern})", value)
    tokens = [marks[part] for part in parts[1::2]]
    if all(token.kind is Kind.STATEMENT and token.word in _CHOICES for token in tokens):
        texts = _texts(parts, [token.word for token in tokens])
        if texts:
            return Varied(tuple(dict.fromkeys(texts)))
    depth, shape = 0, [parts[0]]
    for token, text in zip(tokens, parts[2::2], strict=True):
        if token.kind is Kind.STATEMENT:
            depth += -1 if token.word.startswith("end") else token.word not in ("else", "elif", "set")
        shape += (_GAP, text if depth == 0 else "")
    return Varied(shape="".join(shape))


def _texts(parts: Sequence[str], words: list[str]) -> list[str]:
    """All texts that `if` statements leave; none if they are too many or not whole."""
    done: list[list[str]] = [[parts[0]]]  # for each open `if`: the texts of its present branch
    ended: list[list[str]] = []
    has_else: list[bool] = []
    for word, text in zip(words, parts[2::2], strict=True):
        if word == "if":
            done.append([""])
            ended.append([])
            has_else.append(False)
        elif not ended:
            return []
        elif word == "endif":
            branch, rest = done.pop(), ended.pop()
            choices = [*rest, *branch, *([] if has_else.pop() else [""])]
            done[-1] = [before + choice for before in done[-1] for choice in choices]
        else:
            has_else[-1] = word == "else"
            ended[-1] += done[-1]
            done[-1] = [""]
        done[-1] = [before + text for before in done[-1]]
        if len(done[-1]) > _MOST:
            return []
    return done[0] if len(done) == 1 else []
