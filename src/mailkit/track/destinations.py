"""Addresses on the web: what may be redirected to, written so that it is one header line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, quote, unquote_plus, urlencode, urlsplit, urlunsplit

from mailkit.errors import InvalidValue, did_you_mean

__all__ = ["fill", "is_web_link", "parse", "with_parameters"]

_SCHEME: Final = re.compile(r"https?:", re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST: Final = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?\Z")
_KEPT: Final = "!#$%&'()*+,/:;=?@[]~"
"""What a destination may hold besides letters, digits, `-`, `.` and `_` (RFC 3986, 2); all else is percent-encoded."""


def is_web_link(href: str) -> bool:
    """Whether it is an address on the web at all, and not `mailto:`, `tel:`, an anchor or a relative path.

    >>> is_web_link(" HTTPS://shop.example.com"), is_web_link("mailto:shop@example.com"), is_web_link("#top")
    (True, False, False)
    """
    return bool(_SCHEME.match(href.strip()))


def parse(href: str, *, what: str) -> SplitResult:
    """The address's parts, in ASCII and fit for a Location header (RFC 9110, 10.2.2).

    Args:
        href: The address as somebody wrote it; the letters may be of any alphabet.
        what: What it is, for the error.

    Raises:
        InvalidValue: It is no address on the web, or hides something: a line break, another host.

    >>> parse("https://bücher.example/книга?a=1", what="link").geturl()
    'https://xn--bcher-kva.example/%D0%BA%D0%BD%D0%B8%D0%B3%D0%B0?a=1'
    """
    text = href.strip() if isinstance(href, str) else ""
    if _CONTROL.search(text):  # urlsplit would take line breaks out silently
        raise InvalidValue(what, href, "contains a line break or another control character")
    if not _SCHEME.match(text):
        raise InvalidValue(what, href, "is not an address on the web", "write https://…")
    try:
        parts = urlsplit(text)
        host = _ascii_host(parts)
        path, query, fragment = (quote(part, safe=_KEPT) for part in parts[2:])
    except ValueError as error:  # brackets that do not match, a port that is no number, lone surrogates
        raise InvalidValue(what, href, "is not an address on the web", str(error)) from error
    if "@" in parts.netloc:
        raise InvalidValue(what, href, "has a user's name before the host, as forged addresses have")
    if not _HOST.match(host):
        raise InvalidValue(what, href, "has no host that could be looked up", "write https://host/path")
    return SplitResult(parts.scheme, host, path, query, fragment)


def with_parameters(href: str, parameters: Mapping[str, str], *, what: str) -> str:
    """The address with parameters added to its query.

    Parameters that it has already keep their values; the rest of the query and the fragment stay as they are.

    >>> with_parameters("https://shop.example.com/?utm_source=me#top", {"utm_source": "us", "q": "a b"}, what="link")
    'https://shop.example.com/?utm_source=me&q=a%20b#top'
    """
    parts = parse(href, what=what)
    present = {unquote_plus(pair.partition("=")[0]) for pair in parts.query.split("&")}
    added = urlencode({name: value for name, value in parameters.items() if name not in present}, quote_via=quote)
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Fill a parameter's value, such as `{campaign}-{number}`.

    Raises:
        InvalidValue: It asks for a fact that there is not, or has a lone brace.

    >>> fill("link-{number}", {"number": 3})
    'link-3'
    """
    try:
        return template.format_map(facts)
    except KeyError as error:
        name = str(error.args[0])
        reason = f"asks for {name!r}{did_you_mean(name, facts)}"
        raise InvalidValue("parameters", template, reason, f"there are {', '.join(facts)}") from error
    except (ValueError, IndexError, AttributeError, TypeError) as error:
        raise InvalidValue("parameters", template, "is not text with {names} in it", "write a brace twice") from error


def _ascii_host(parts: SplitResult) -> str:
    """Host and port, the host in A-labels (IDNA 2008)."""
    port = "" if parts.port is None else f":{parts.port}"
    host = parts.hostname or ""
    if ":" in host:
        return f"[{host}]{port}"
    if not host.isascii():
        import idna

        host = idna.encode(host, uts46=True).decode("ascii")  # its errors are ValueErrors
    return host + port
