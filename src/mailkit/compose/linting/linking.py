"""Where a letter's links and pictures point to, as far as can be seen without following them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from mailkit.compose.addresses import address, unsafe_scheme
from mailkit.compose.linting.inbox import is_noreply
from mailkit.compose.linting.page import Element, Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.styles import conditional, declarations, read_rules
from mailkit.compose.linting.wording import FOREIGN
from mailkit.compose.marks import MARK
from mailkit.findings import Finding, Place

__all__ = ["backgrounds", "check_links_of", "is_way_out"]

_HOST: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z")
_SAID_HOST: Final = re.compile(
    r"\s*(?:https?://)?(?:www\.)?((?:[\w-]+\.)+(?:com|org|net|ru|de|io|info|biz|example|рф|uk|fr|es|it|nl|pl|ua|by|kz|eu"
    r"|ch|at|cn|jp|br|tr|il|shop|online|store|app))(?:/\S*)?\s*\Z",
    re.I,
)
_NUMERIC: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z|\[|0x|\d+\Z")
_SCHEME: Final = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_NO_SCHEME: Final = re.compile(r"(?!https?\Z)[htps]{2,7}\Z|file\Z|about\Z|[^.]*\.")
"""What is no scheme: http mistyped, what is on one's own machine, and a host with a port."""
_URL: Final = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^"')\s]+))""", re.IGNORECASE)
_AROUND_WORDS: Final = ' .,:;!?…→›»>«<"“”()[]'
_BUTTON: Final = re.compile(r"\bbtn|button|\bcta\b|background", re.IGNORECASE)
_MAILBOX: Final = re.compile(r"[^\s@?,]+@[^\s@?,]+\.[^\s@?,]+")
_OWN_FIELDS: Final = ("unsubscribe", "preferences", "opt_out", "optout", "otpis")


@cache
def _said() -> dict[str, frozenset[str]]:
    """Words and hosts by section of data/links.txt."""
    from importlib.resources import files

    found: dict[str, set[str]] = {}
    section: set[str] = set()
    for line in files(__package__).joinpath("data", "links.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = found.setdefault(line.strip("[]"), set())
        elif line.strip() and not line.startswith("#"):
            section.add(line.strip().casefold())
    return {name: frozenset(words) for name, words in found.items()}


def check_links_of(page: Page, *, is_transactional: bool) -> Iterator[Finding]:
    """Links and pictures, the way out, and whether there is anything to follow."""
    out = to_follow = 0
    links = [(one, address(one.given["href"])) for one in page.named("a", "area") if "href" in one.given]
    worded = {page.spoken(href) for one, href in links if one.text.strip()}
    for one, href in links:
        yield from _link(page, one, href)
        named = one.text.strip() or one.given.get("aria-label") or one.given.get("title")
        if one.name == "a" and not named and not one.is_hidden and page.spoken(href) not in worded:
            # not a picture beside its words
            yield finding("wordless-link", one.place, evidence=page.spoken(href)[:120])
        if is_way_out(page, one, href):
            out += 1
        elif _leads_on(page, one, href):
            to_follow += 1
    for one in page.named("a"):
        looks = f"{one.given.get('class', '')} {' '.join(one.style)}"  # a bare one keeps numbers from being linked
        if not one.given.keys() & {"href", "id", "name"} and _BUTTON.search(looks) and not one.is_hidden:
            yield finding("empty-link", one.place, evidence=_plain(page, one)[:80])
    for one in page.named("img"):
        yield from _picture(page, one.place, one.given.get("src", ""))
    for place, src in dict.fromkeys(backgrounds(page)):
        yield from _picture(page, place, src)
    for one in page.named("link"):
        if "stylesheet" in one.given.get("rel", "").lower() and not _is_font(one):
            yield finding("outside-style", one.place, evidence=one.given.get("href", "")[:80])
    if page.elements and not is_transactional:
        if not out:
            yield finding("missing-unsubscribe", Place(source="html"))
        if not to_follow:
            yield finding("missing-action", Place(source="html"))


def is_way_out(page: Page, link: Element, href: str) -> bool:
    """Whether a link is the one by which a reader leaves."""
    fields = " ".join(page.marks[mark].body.lower() for mark in MARK.findall(href))
    words = f"{_plain(page, link)} {MARK.sub('', href).casefold()}"
    if _plain(page, link) in _said()["ways out, whole"] or any(name in fields for name in _OWN_FIELDS):
        return True
    return any(stem in words for stem in _said()["ways out"])


def _leads_on(page: Page, link: Element, href: str) -> bool:
    if not href or href.startswith(("#", "mailto:", "tel:")):
        return False
    host = _host(href)
    return not any(host == name or host.endswith(f".{name}") for name in _said()["social"])


def _plain(page: Page, link: Element) -> str:
    return " ".join(page.spoken(link.text).casefold().split())


def _is_font(one: Element) -> bool:
    return "fonts." in one.given.get("href", "")


def _host(href: str) -> str:
    try:
        return (urlsplit(href).hostname or "").lower()
    except ValueError:
        return ""


def _link(page: Page, one: Element, href: str) -> Iterator[Finding]:
    shown = page.spoken(href)[:120]
    words = _plain(page, one)
    if not href or href == "#":
        yield finding("empty-link", one.place, evidence=words[:80])
        return
    if FOREIGN.search(href):
        yield finding("foreign-field", one.place, evidence=shown)
        return
    start = MARK.split(href)[0]
    if MARK.search(href) and not _SCHEME.match(start):
        return  # the record brings its beginning
    yield from _address(one, href, shown)
    if words.strip(_AROUND_WORDS) in _said()["vague"]:
        yield finding("vague-link", one.place, evidence=words)
    said, host = _SAID_HOST.match(words), _host(href)
    if said and host and not MARK.search(href) and _site(said[1]) != _site(host):
        yield finding("other-link", one.place, said[1], host, evidence=shown)


def _site(host: str) -> str:
    """The last two names of a host: pages of one site may live under several."""
    host = host.removeprefix("www.")
    with suppress(UnicodeError):
        host = host.encode("idna").decode("ascii")
    return ".".join(host.lower().split(".")[-2:])


def _address(one: Element, href: str, shown: str) -> Iterator[Finding]:
    if scheme := unsafe_scheme(href):
        yield finding("unsafe-link", one.place, evidence=scheme)
        return
    found = _SCHEME.match(href)
    if found is None or href.startswith("//"):
        if not href.startswith("#"):
            mend = f"write it as mailto:{shown}" if _MAILBOX.fullmatch(href) else ""
            yield finding("relative-link", one.place, evidence=shown, mend=mend)
        return
    scheme = found[1].lower()
    if scheme in ("http", "https"):
        yield from _web(one, scheme, href, shown)
    elif scheme == "mailto":
        target = href[7:].partition("?")[0]
        if (
            target
            and not MARK.search(target)
            and not all(_MAILBOX.fullmatch(part.strip()) for part in target.split(","))
        ):
            yield finding("malformed-link", one.place, evidence=shown)
        elif is_noreply(target):
            yield finding("noreply", one.place, evidence=shown)
    elif _NO_SCHEME.match(scheme) or not MARK.sub("x", href[len(scheme) + 1 :]).strip():
        yield finding("malformed-link", one.place, evidence=shown)


def _web(one: Element, scheme: str, href: str, shown: str) -> Iterator[Finding]:
    plain = MARK.sub("x", href)
    host = _host(plain)
    is_host_given = not MARK.search(href.partition("://")[2].partition("/")[0])
    if not _is_address(plain, host if is_host_given else "x.example"):
        yield finding("malformed-link", one.place, evidence=shown)
        return
    if is_host_given and _NUMERIC.match(host):
        yield finding("numeric-link", one.place, evidence=shown)
    elif host in _said()["shorteners"]:
        yield finding("short-link", one.place, evidence=shown)
    if scheme == "http":
        yield finding("http-link", one.place, evidence=shown)


def _is_address(plain: str, host: str) -> bool:
    if not re.match(r"https?://[^/]", plain, re.IGNORECASE) or re.search(r"[\s<>\"\\]", plain):
        return False
    if _NUMERIC.match(host):
        return True
    try:
        urlsplit(plain).port  # noqa: B018 - raises where it is no number
        return bool(_HOST.match(host if host.isascii() else host.encode("idna").decode("ascii"))) or host == "localhost"
    except (UnicodeError, ValueError):
        return False


def backgrounds(page: Page) -> Iterator[tuple[Place, str]]:
    """The addresses of pictures that no `<img>` shows: behind text, in style sheets, and of videos."""
    for one in page.elements:
        for name in ("background", "poster"):
            if one.given.get(name):
                yield one.place, one.given[name]
        for src in _pictures_in(one.written):
            yield one.place, src
    inner = (rule for outer in conditional(page.rules) for rule in read_rules(outer.body)[0])
    for rule in (*page.rules, *inner):
        for src in _pictures_in(declarations(rule.body)) if not rule.is_at_rule else ():
            yield page.place_of(src), src


def _pictures_in(style: list[tuple[str, str]]) -> Iterator[str]:
    for name, value in style:
        if name in ("background", "background-image"):
            for found in _URL.finditer(value):
                yield found[1] or found[2] or found[3] or ""


def _picture(page: Page, place: Place, said: str) -> Iterator[Finding]:
    src = address(said)
    start = MARK.split(src)[0]
    if MARK.search(src) and not _SCHEME.match(start):
        return
    shown = page.spoken(src)[:120]
    if src.lower().startswith("data:"):
        yield finding("data-picture", place, f"{len(src) * 3 // 4 / 1024:.0f}", evidence=src[:40])
    elif src.lower().startswith("http:"):
        yield finding("http-picture", place, evidence=shown)
    elif not src:
        yield finding("malformed-link", place, evidence="a picture without an address")
    elif not src.lower().startswith(("https:", "cid:")):
        yield finding("relative-link", place, evidence=shown)
