"""What mail clients put on and around a letter, so that one can write rules for them alone."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["HOOKS", "hooks"]

HOOKS: Final = {
    "[": re.compile(r"(?:data-og|data-outlook|data-markjs|x-apple-)[-\w]*|owa|office365", re.IGNORECASE),
    ".": re.compile(
        r"moz-text-(?:html|plain|flowed)|ExternalClass|ReadMsgBody|yshortcuts|yahoo|gmail_\w+|yiv\w*|x_\w+|MsgBody|qmbox"
        r"|aolmail_\w+|aolReplacedBody|protonmail_\w+",
        re.IGNORECASE,
    ),
    "#": re.compile(r"outlook|MessageViewBody|MessageWebViewDiv"),
}
"""The names of attributes, classes and ids that are a client's, by the sign that begins them in a selector."""
_ANY: Final = re.compile(
    rf"(?<![\w-])(?:{'|'.join(pattern.pattern for pattern in HOOKS.values())})(?![\w-])", re.IGNORECASE
)


def hooks(tags: str) -> frozenset[str]:
    """The names in a letter's start tags that else only clients put there.

    >>> sorted(hooks("<a x-apple-data-detectors=true class='b gmail_quote'>"))
    ['gmail_quote', 'x-apple-data-detectors']
    """
    return frozenset(found.group() for found in _ANY.finditer(tags))
