"""What the ready letters say, a module for each language. To add one: copy `en.py`, translate, list it here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import Final

from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["LANGUAGES", "said"]

LANGUAGES: Final = ("en", "ru")
"""The languages that the ready letters speak: the names of this package's modules."""


def said(lang: str, letter: str) -> Mapping[str, str]:
    """What a letter says in a language, with what all letters of that language say.

    Raises:
        InvalidValue: The letters do not speak it.

    >>> said("ru-RU", "welcome")["heading"]
    'Добро пожаловать в <brand>'
    """
    known = lang.split("-")[0].lower() if isinstance(lang, str) else ""
    if known not in LANGUAGES:
        mend = did_you_mean(str(lang), LANGUAGES) or f"; there are {', '.join(LANGUAGES)}"
        raise InvalidValue("lang", lang, "is not a language of the ready letters", mend.removeprefix("; "))
    return _merged(known, letter)


@cache
def _merged(lang: str, letter: str) -> Mapping[str, str]:
    module = import_module(f"{__name__}.{lang}")
    words: Mapping[str, str] = module.COMMON | module.LETTERS[letter]
    return words
