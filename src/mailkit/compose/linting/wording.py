"""What a letter says and how loudly: spam's words, shouting, drafts' leftovers, pictures instead of words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from mailkit.compose.linting.page import Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.ways import ways
from mailkit.compose.marks import MARK
from mailkit.findings import Finding, Place

__all__ = ["FOREIGN", "check_wording", "emoji_in", "spam_words"]

_QUOTED: Final = frozenset({"pre", "code", "kbd", "samp"})
_SENTENCE: Final = 8  # words in capitals
_LEAST_PHRASES: Final = 3  # in the letter itself; in a subject one is told
_MARKS: Final = re.compile(r"!{2,}|!.*!|\?!|!\?|\?{3,}|\${2,}", re.DOTALL)
_MANY_MARKS: Final = re.compile(r"!{3,}|\?{4,}")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_PICTURE: Final = "[\U0001f000-\U0001f3fa\U0001f400-\U0001faff\u2600-\u27bf\u2b50\u2b55\u231a\u231b\u23e9-\u23f3]"
_MORE: Final = "[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+"  # skin tones, and the letters of a region's flag
# Unicode Technical Standard 51, 1.4: a pair of letters is a flag, and joined pictures are one.
_EMOJI: Final = re.compile(f"[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURE}{_MORE}(?:\u200d{_PICTURE}{_MORE})*+")
_LETTERS_OF_A_LETTER: Final = 60  # fewer, beside pictures, are none
_DRAFT: Final = re.compile(
    # "todo" is Spanish for "all", also in capitals among others
    r"(?i:lorem ipsum|рыбатекст)|(?<![A-ZÁ-Ü] )\bTODO\b(?! ?[A-ZÁ-Ü\d])|\bFIXME\b|\bXXX\b"
    r"|(?i:\[(?:insert|your|вставьте|ваше)\b[^\[\]]{0,80}\])"
)
FOREIGN: Final = re.compile(
    r"\*\|[A-Z0-9_:]+\|\*|%%[\w.-]+%%|%recipient\.\w+%|\$\{\w[\w.]*\}|\[\[\w+\]\]|%(?:FIRST|LAST)?_?NAME%"
    r"|\[(?:FIRST|LAST)_?NAME\]|-%\w+%-|<%=?\s*\w+\s*%>|\{\$?[A-Za-z_][\w.]*\}|\[%\w+%\]|#[A-Z]+(?:_[A-Z]+)+#|#NAME#"
)
"""Merge fields as other systems write them."""


@cache
def _phrases() -> re.Pattern[str]:
    from importlib.resources import files

    lines = files(__package__).joinpath("data", "words.txt").read_text(encoding="utf-8").splitlines()
    phrases = [_folded(line.strip()) for line in lines if line.strip() and line[0] not in "#["]
    parts = [r"\s+".join(re.escape(word).replace(r"\*", r"\w*") for word in phrase.split()) for phrase in phrases]
    return re.compile(r"(?<!\w)(?:" + "|".join(sorted(parts, key=len, reverse=True)) + r")(?!\w)")


def _folded(text: str) -> str:
    return text.casefold().replace("ё", "е").replace("’", "'")


def spam_words(text: str) -> tuple[str, ...]:
    """The phrases of spam in a text, each once.

    >>> spam_words("Hello. You have been SELECTED! Make money  fast")
    ('you have been selected', 'make money fast')
    """
    found = (" ".join(one.group().split()) for one in _phrases().finditer(_folded(text)))
    return tuple(dict.fromkeys(found))


def emoji_in(text: str) -> int:
    """How many emoji a text has; a flag is one, and so is a family."""
    return len(_EMOJI.findall(text))


def check_wording(page: Page, subject: str | None) -> Iterator[Finding]:
    """The subject's words, then the letter's."""
    told: set[str] = set()
    for one in ways(subject, page.marks) if subject else ():
        for found in _subject(page, one):
            key = found.message if found.code.endswith("shouting") else found.code
            if key not in told:
                yield found
            told.add(key)
    shown = [
        words for words in page.words if words.inside is None or words.inside.name not in ("title", "style", "script")
    ]
    seen = " ".join(MARK.sub("x", words.text) for words in shown if not (words.inside and words.inside.is_hidden))
    phrases = spam_words(seen)
    if len(phrases) >= _LEAST_PHRASES:
        place = next((words.place for words in shown if spam_words(words.text)), Place(source="html"))
        yield finding("spam-words", place, "letter", evidence=", ".join(phrases)[:120])
    for words in shown:
        if heap := _MANY_MARKS.search(words.text):
            yield finding(
                "shouting", words.place, "marks of exclamation or question stand in heaps", evidence=heap.group()[:20]
            )
        elif _is_capitals(words.text) and not (words.inside and words.inside.is_hidden):
            yield finding(
                "shouting",
                words.place,
                "a whole sentence is in capitals",
                evidence=page.spoken(words.text).strip()[:60],
            )
        if words.inside is None or words.inside.name not in _QUOTED:
            yield from _leftovers(words.text, words.place)
    pictures = [one for one in page.named("img") if not one.is_hidden and not one.is_counter]
    if pictures and len("".join(seen.split())) < _LETTERS_OF_A_LETTER and not page.has_statements:
        yield finding("picture-only", pictures[0].place)


def _subject(page: Page, subject: str) -> Iterator[Finding]:
    place, plain = Place(source="subject"), MARK.sub("x", subject)
    shown = page.spoken(subject)[:120]
    if found := _MARKS.search(plain):
        signs = "".join(letter for letter in found.group() if letter in "!?$")
        yield finding(
            "shouting", place, "the subject has several marks of exclamation, question or money", evidence=signs[:20]
        )
    if _is_loud(subject):
        yield finding("shouting", place, "the subject is in capitals", evidence=shown)
    if (count := emoji_in(plain)) > 2:
        yield finding("many-emoji", place, count, evidence=shown)
    if phrases := spam_words(plain):
        yield finding("spam-words", place, "subject", evidence=", ".join(phrases)[:120])
    yield from _leftovers(plain, place)


def _leftovers(text: str, place: Place) -> Iterator[Finding]:
    """What was meant to be filled in: by the author, or by another system."""
    if found := _DRAFT.search(text):
        yield finding("placeholder", place, evidence=found.group())
    if found := FOREIGN.search(text):
        yield finding("foreign-field", place, evidence=found.group())


def _is_capitals(text: str) -> bool:
    """Whether a text has a sentence of words in capitals; short ones may be abbreviations."""
    words = [word for word in _WORD.findall(text) if len(word) > 3]
    loud = [word for word in words if word.isupper()]
    return len(loud) >= _SENTENCE and len(loud) * 2 > len(words)


def _is_loud(subject: str) -> bool:
    """Whether a subject is in capitals: two thirds of it, in more than an abbreviation."""
    words = _WORD.findall(MARK.sub(" ", subject))
    loud = [word for word in words if word.isupper()]
    if sum(map(len, loud)) * 3 <= sum(map(len, words)) * 2:
        return False
    is_all = len(subject.split()) == 1 and any(len(word) > 5 for word in loud)
    is_sentence = len(loud) > 1 and any(len(word) > 4 for word in loud)
    return is_all or is_sentence or sum(len(word) > 3 for word in loud) > 1
