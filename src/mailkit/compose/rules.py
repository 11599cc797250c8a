"""What a letter's values may be: rules that refuse what is wrong and can describe themselves.

A `Rule` is an attrs validator. Its `schema` says the same in the words of JSON Schema, so that
the schema of letters is made from the classes and cannot differ from them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from mailkit.checks import line_trouble
from mailkit.errors import InvalidValue

__all__ = [
    "Rule",
    "any_text",
    "as_text",
    "colour",
    "either",
    "filled",
    "flag",
    "matching",
    "one_of",
    "subject_line",
    "whole",
    "wholes",
]

_GREATEST_PX: Final = 10_000
"""More than any screen shows; what is greater is a slip, or would break clients."""


@attrs.frozen(eq=False)
class Rule:
    """A validator that knows its JSON Schema.

    Attributes:
        trouble: Why a value is not allowed; empty if it is.
        schema: The same as keywords of JSON Schema, as far as they can say it.
        mend: What to write instead, or what says so of a value.
    """

    trouble: Callable[[Any], str]
    schema: Mapping[str, Any]
    mend: str | Callable[[Any], str] = ""

    def __call__(self, instance: object, attribute: Any, value: Any) -> None:
        """Refuse a wrong value, by the name of its class and field."""
        trouble = self.trouble(value)
        if trouble:
            mend = self.mend if isinstance(self.mend, str) else self.mend(value)
            raise InvalidValue(f"{type(instance).__name__}.{attribute.name}", value, trouble, mend)


def as_text(value: Any) -> str:
    """What to write instead of a number that stands where text must.

    >>> as_text(12), as_text(None)
    ("write '12'", '')
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"write {str(value)!r}" if is_number else ""


def _filled(value: Any) -> str:
    if not isinstance(value, str):
        return "is not text"
    return "" if value.strip() else "is empty"


filled: Final = Rule(_filled, {"pattern": r"\S"}, as_text)
"""Text with something in it."""


def _subject(value: Any) -> str:
    return _filled(value) or line_trouble(
        _TAGS.sub(lambda found: "x" if found.group()[:2] == "{{" else "", value).strip()
    )


_TAGS: Final = re.compile(r"\s*\{%.*?%\}\s*|\s*\{#.*?#\}\s*|\{\{.*?\}\}", re.DOTALL)
"""Jinja's tags; where a statement stands on a line of its own, its line breaks are no part of a subject."""
subject_line: Final = Rule(_subject, {"pattern": r"\S"}, as_text)
"""The source of a subject: one line, but for those of statements and at its ends."""
any_text: Final = Rule(lambda value: "" if isinstance(value, str) else "is not text", {}, as_text)
"""Any text."""
flag: Final = Rule(lambda value: "" if isinstance(value, bool) else "is not True or False", {})
"""True or False."""


def whole(least: int, most: int = _GREATEST_PX) -> Rule:
    """Whole numbers, as HTML's sizes are.

    >>> whole(1, 3).trouble(4)
    'is not a whole number from 1 to 3'
    """
    reason = f"is not a whole number from {least} to {most}"

    def trouble(value: Any) -> str:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return "" if is_whole and least <= value <= most else reason

    return Rule(trouble, {"minimum": least, "maximum": most})


def one_of(*words: str, mend: str = "") -> Rule:
    """One of two or more words.

    >>> one_of("start", "center", "end").trouble("left")
    "is not 'start', 'center' or 'end'"
    """
    shown = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"
    return Rule(
        lambda value: "" if isinstance(value, str) and value in words else f"is not {shown}",
        {"enum": list(words)},
        mend,
    )


def matching(pattern: str, reason: str, mend: str | Callable[[Any], str] = "") -> Rule:
    r"""Text of a form; the pattern must mean the same in Python and in ECMAScript.

    >>> matching("[a-z]+", "is not a name").schema
    {'pattern': '^(?:[a-z]+)$'}
    """
    compiled = re.compile(rf"(?:{pattern})\Z")
    return Rule(
        lambda value: "" if isinstance(value, str) and compiled.match(value) else reason,
        {"pattern": f"^(?:{pattern})$"},
        mend,
    )


def either(rule: Rule) -> Rule:
    """What another rule allows, or the empty text for none.

    >>> either(colour).trouble("")
    ''
    """
    schema = {"anyOf": [{"maxLength": 0}, dict(rule.schema)]}
    return Rule(lambda value: "" if isinstance(value, str) and not value else rule.trouble(value), schema, rule.mend)


def wholes(count: int, least: int) -> Rule:
    """So many whole numbers.

    >>> wholes(2, 0).trouble((14, 28)), wholes(2, 0).trouble((14,))
    ('', 'is not 2 whole numbers from 0 to 10000')
    """
    one = whole(least)
    reason = f"is not {count} whole numbers from {least} to {_GREATEST_PX}"

    def trouble(value: Any) -> str:
        is_row = isinstance(value, tuple) and len(value) == count
        return "" if is_row and not any(map(one.trouble, value)) else reason

    return Rule(trouble, {"items": {"type": "integer", **one.schema}})


def _six_digits(value: Any) -> str:
    """The colour of six digits that one of three stands for (CSS Color 4, 5.2)."""
    if isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{3}", value):
        return f"write '#{''.join(digit * 2 for digit in value[1:])}'"
    return "write '#1a56db'"


colour: Final = matching("#[0-9a-fA-F]{6}", "is not a colour of six digits", _six_digits)
"""`#rrggbb`: Outlook for Windows knows no others."""
