"""Which addresses a link or a picture of a letter may have.

How to think about it: what an author writes out is refused if it is known to do harm. A scheme
that comes from a record may be a stranger's, and each program on a reader's machine may bring
schemes of its own; so a record may bring only what is known to do none.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any, Final

from mailkit.compose.markup import decoded
from mailkit.errors import TemplateError

__all__ = ["address", "is_fixed", "is_web", "refuse_unsafe", "running_scheme", "scheme_of", "unsafe_scheme"]

_RUNNING: Final = ("javascript:", "vbscript:", "data:")
_UNSAFE: Final = (
    *_RUNNING,
    *("about:", "blob:", "file:", "filesystem:", "intent:", "jar:", "ms-msdt:", "ms-settings:", "search-ms:"),
    "view-source:",
)
"""What runs a script, or opens something on the reader's own machine."""
_FROM_RECORDS: Final = {False: ("http:", "https:", "mailto:", "tel:", "sms:"), True: ("http:", "https:", "cid:")}
"""The schemes that a record may bring, of links and of pictures."""
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


def scheme_of(value: str) -> str:
    """The scheme of an address as clients read it, with its colon; empty if it has none.

    >>> scheme_of(" HTTPS://x.example"), scheme_of("/a:b")
    ('https:', '')
    """
    found = _SCHEME.match(_bare(value))
    return found.group() if found else ""


def unsafe_scheme(value: str, *, picture: bool = False) -> str:
    """The scheme of an address that runs or smuggles something, or leads into a machine; empty if it is safe.

    A picture may be `data:image/…`, though few clients show it.

    >>> unsafe_scheme(" JavaScript:alert(1)"), unsafe_scheme("https://shop.example.com")
    ('javascript:', '')
    """
    plain = _bare(value)
    if picture and plain.startswith("data:image/"):
        return ""
    return next((scheme for scheme in _UNSAFE if plain.startswith(scheme)), "")


def running_scheme(value: str, *, picture: bool = False) -> str:
    """The scheme of an address that runs or smuggles something; empty if it does neither.

    Old letters hold `about:blank` and `file:///C:/…`, which do no harm: `lint` tells them.

    >>> running_scheme("java&#10;script:alert(1)"), running_scheme("about:blank")
    ('javascript:', '')
    """
    found = unsafe_scheme(value, picture=picture)
    return found if found in _RUNNING else ""


def is_fixed(prefix: str) -> bool:
    """Whether a beginning settles the scheme, so that nothing after it can change it."""
    return bool(_FIXED.match(_bare(prefix)))


def is_web(value: str) -> bool:
    """Whether an address is of the web, so that visits to it can be counted."""
    return _bare(value).startswith(("http://", "https://"))


def refuse_unsafe(
    value: Any,
    prefix: str = "",
    whole: bool = True,
    picture: bool = False,
    then: str = "",
    written: tuple[str, ...] = (),
) -> Any:
    """Give back what a letter puts at the beginning of an address, if it is safe there.

    Args:
        value: The value.
        prefix: What stands before it in the address, without a scheme of its own.
        whole: Whether it is all of the address. What is followed by more may not have or
            begin an unsafe scheme; what follows another value may not have any.
        picture: Whether it is a picture's address.
        then: What follows it up to a colon that ends a scheme; empty if there is none.
        written: Schemes that the author wrote out in some branch of the address.

    Raises:
        TemplateError: It is not safe, or has a scheme that no record may bring.
    """
    if type(value) is str and value.startswith(("https://", "http://")) and not prefix:
        return value
    from jinja2 import Undefined

    if value is None or isinstance(value, Undefined):
        return value
    whole_address = prefix + str(value) + then
    scheme = unsafe_scheme(whole_address, picture=picture)
    plain = _bare(whole_address)
    if not scheme and not whole:
        scheme = next((one for one in _RUNNING if plain and one.startswith(plain)), "")
        if prefix.startswith("…"):
            scheme = scheme or scheme_of(plain)
    if scheme:
        raise TemplateError(f"the address {str(value)[:60]!r} would be opened as {scheme}, which no letter may do")
    brought = scheme_of(plain)
    is_picture_inside = picture and brought == "data:"  # of an image, or it were unsafe
    if brought and brought not in (*_FROM_RECORDS[picture], *written) and not is_picture_inside:
        mend = f"a record may bring {', '.join(_FROM_RECORDS[picture])} alone; write another out, before the value"
        raise TemplateError(f"the address {str(value)[:60]!r} would be opened as {brought}; {mend}")
    return value
