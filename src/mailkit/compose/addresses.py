"""Which addresses a link or a picture of a letter may have."""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

from mailkit.compose.markup import decoded
from mailkit.errors import TemplateError

__all__ = ["address", "is_fixed", "is_web", "refuse_unsafe", "unsafe_scheme"]

_UNSAFE: Final = ("javascript:", "vbscript:", "data:")
_IGNORED: Final = re.compile(r"[\x00-\x20\x7f-\xa0]+")
_BREAKS: Final = re.compile(r"[\t\n\r]")
_SCHEME: Final = re.compile(r"[^/?#:]*:")
_FIXED: Final = re.compile(r"[^:/?#]*[:/?#]")


def address(value: str) -> str:
    """The address in an attribute's value: decoded, without the blanks that browsers ignore."""
    return _BREAKS.sub("", decoded(value)).strip()


def _bare(value: str) -> str:
    """The address for looking at its scheme: even blanks that only some clients ignore are left out."""
    return _IGNORED.sub("", unescape(value)).lower()


def unsafe_scheme(value: str, *, picture: bool = False) -> str:
    """The scheme of an address that runs or smuggles something; empty if it is safe.

    A picture may be `data:image/…`, though few clients show it.

    >>> unsafe_scheme(" JavaScript:alert(1)"), unsafe_scheme("https://shop.example.com")
    ('javascript:', '')
    """
    plain = _bare(value)
    if picture and plain.startswith("data:image/"):
        return ""
    return next((scheme for scheme in _UNSAFE if plain.startswith(scheme)), "")


def is_fixed(prefix: str) -> bool:
    """Whether a beginning settles the scheme, so that nothing after it can change it."""
    return bool(_FIXED.match(_bare(prefix)))


def is_web(value: str) -> bool:
    """Whether an address is of the web, so that visits to it can be counted."""
    return _bare(value).startswith(("http://", "https://"))


def refuse_unsafe(value: Any, prefix: str = "", whole: bool = True, picture: bool = False) -> Any:
    """Give back what a letter puts at the beginning of an address, if it is safe there.

    Args:
        value: The value.
        prefix: What stands before it in the address, without a scheme of its own.
        whole: Whether it is all of the address. What is followed by more may not have or
            begin an unsafe scheme; what follows another value may not have any.
        picture: Whether it is a picture's address.

    Raises:
        TemplateError: It is not safe.
    """
    if type(value) is str and value.startswith(("https://", "http://")) and not prefix:
        return value
    from jinja2 import Undefined

    if value is None or isinstance(value, Undefined):
        return value
    whole_address = prefix + str(value)
    scheme = unsafe_scheme(whole_address, picture=picture)
    plain = _bare(whole_address)
    if not scheme and not whole:
        scheme = next((one for one in _UNSAFE if plain and one.startswith(plain)), "")
        if prefix.startswith("…") and _SCHEME.match(plain):
            scheme = plain.partition(":")[0] + ":"
    if scheme:
        raise TemplateError(f"the address {str(value)[:60]!r} would be opened as {scheme}, which no letter may do")
    return value
