"""Start tags with another `style` attribute; everything else in them stays as it was."""

from __future__ import annotations

import re
from typing import Final

from mailkit.compose.cascade import Look
from mailkit.compose.css import closing
from mailkit.compose.marks import MARK
from mailkit.compose.markup import Attribute, attributes, decoded

__all__ = ["attribute", "closed", "joined", "quoted", "styled", "with_attribute"]

_TAG_NAME: Final = re.compile(r"<[^\s/>]+")


def attribute(tag: str, name: str) -> Attribute | None:
    """An attribute of a start tag, also one that Jinja stands beside; None if there is none."""
    return next((one for one in attributes(tag) if MARK.sub("", one.name) == name), None)


def with_attribute(tag: str, name: str, value: str) -> str:
    """The start tag with one more attribute, right behind its name: Jinja may stand behind that."""
    found = _TAG_NAME.match(tag)
    end = found.end() if found else len(tag) - 1
    return f'{tag[:end]} {name}="{quoted(value, chr(34))}"{tag[end:]}'


def joined(look: Look, written: str) -> str:
    """The text of a `style` attribute, with character references."""
    own = "" if look.replaces else written.strip()
    if look.important and own:
        text = closed(written)
        for one in sorted(look.important, key=lambda one: -one.start):
            text = f"{text[: one.end]} !important{text[one.end :]}"
        own = _amps(text.strip())
    parts = [_amps(look.before)] if look.before else []
    if own:
        parts.append(own)
    style = ";".join(parts)
    if look.after:
        style += closing(decoded(own))
        style += ("" if not style or decoded(style).rstrip().endswith(";") else ";") + _amps(look.after)
    return style


def closed(style: str) -> str:
    """The text of a `style` attribute without character references; what is open at its end is closed."""
    text = decoded(style)
    return text + closing(text)


def _amps(text: str) -> str:
    return text.replace("&", "&amp;")


def quoted(style: str, quote: str) -> str:
    """The style in quotes, with as few references as may be."""
    return style.replace(quote, "&quot;" if quote == '"' else "&#39;")


def styled(tag: str, given: Attribute | None, style: str) -> str:
    """The start tag with another `style` attribute."""
    if given is None:
        return with_attribute(tag, "style", style)
    quote = tag[given.start] if given.is_quoted else '"'
    equals = "" if tag[: given.start].rstrip().endswith("=") else "="
    return f"{tag[: given.start]}{equals}{quote}{quoted(style, quote)}{quote}{tag[given.end :]}"
