"""How a letter is built: what screen readers, phones and old clients need to make sense of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from mailkit.compose.linting.page import Element, Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.marks import MARK
from mailkit.findings import Finding, Place

__all__ = ["check_structure"]

_FILE_NAME: Final = re.compile(
    r"[\w .%-]*\.(?:png|jpe?g|gif|webp|svg|bmp)\Z|(?:image|img|picture|photo|screenshot)[ _-]?\d*\Z", re.I
)
_FRAMES: Final = ("iframe", "frame", "frameset", "embed", "applet")
_FROM_THE_RIGHT: Final = {
    "ar": "Arabic",
    "fa": "Persian",
    "he": "Hebrew",
    "ur": "Urdu",
    "yi": "Yiddish",
    "ps": "Pashto",
}
_TABLE_ROLES: Final = frozenset({"presentation", "none", "table", "grid"})
_FAR: Final = 20  # how far from its table a cell may stand
_LEVEL: Final = re.compile(r"h([1-6])\Z")
_DRAWN: Final = frozenset({"table", "tbody", "thead", "tfoot", "div", "a", "span", "b", "strong", "i", "em", "u"}) | {
    "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "center", "font", "blockquote", "small"
}  # fmt: skip


def check_structure(page: Page) -> Iterator[Finding]:
    """The document, its pictures, its tables and headings, and whether its tags match."""
    yield from _document(page)
    yield from _pictures(page)
    yield from _tables(page)
    yield from _headings(page)
    yield from _tags(page)
    for one in page.named("script"):
        if not one.given.get("type", "").strip().lower().endswith("json"):
            yield finding("script", one.place)
    for one in page.named(*_FRAMES):
        yield finding("frame", one.place, one.name, evidence=page.spoken(one.given.get("src", ""))[:80])


def _document(page: Page) -> Iterator[Finding]:
    top = Place(source="html")
    if not page.has_doctype:
        yield finding("missing-doctype", top)
    languages = [one.given["lang"] for one in page.elements if one.given.get("lang", "").strip()]
    if not languages:
        yield finding("missing-lang", top)
    language = _FROM_THE_RIGHT.get(languages[0].split("-")[0].lower()) if languages else None
    says_side = any(one.given.get("dir") == "rtl" or one.style.get("direction") == "rtl" for one in page.elements)
    if language and not says_side:
        yield finding("missing-dir", top, language)
    titles = [one for one in page.elements if one.name == "title"]
    if not titles or not page.title.strip():
        yield finding("missing-title", titles[0].place if titles else top)
    has_media = any(rule.head.startswith("@media") and "width" in rule.head for rule in page.rules)
    if has_media and not any(one.given.get("name", "").lower() == "viewport" for one in page.named("meta")):
        yield finding("missing-viewport", top)


def _pictures(page: Page) -> Iterator[Finding]:
    for one in page.named("img"):
        if one.is_hidden or one.is_counter:
            continue
        src, alt = page.spoken(one.given.get("src", ""))[:80], one.given.get("alt")
        if alt is None:
            yield finding("missing-alt", one.place, evidence=src)
        elif _FILE_NAME.match(alt.strip()) and alt.strip():
            yield finding("alt-is-a-file", one.place, evidence=alt.strip()[:80])
        if not one.given.get("width", "").strip() and one.is_for_outlook:
            yield finding("unsized-picture", one.place, evidence=src)


def _tables(page: Page) -> Iterator[Finding]:
    of_data = {id(table) for one in page.named("th", "caption") if (table := _table_of(one))}
    silent = [
        one
        for one in page.named("table")
        if one.given.get("role", "").lower() not in _TABLE_ROLES and id(one) not in of_data and not one.is_hidden
    ]
    if silent:
        count = f"{len(silent)} tables are" if len(silent) > 1 else "a table is"
        yield finding("layout-table", silent[0].place, count)


def _table_of(cell: Element) -> Element | None:
    one = cell.parent
    for _ in range(_FAR):
        if one is None or one.name == "table":
            return one
        one = one.parent
    return None


def _headings(page: Page) -> Iterator[Finding]:
    last = 0
    for one in page.elements:
        found = _LEVEL.match(one.name)
        if found is None or one.is_hidden:
            continue
        level = int(found[1])
        if last and level > last + 1:
            yield finding("heading-order", one.place, level, last)
        last = level


def _tags(page: Page) -> Iterator[Finding]:
    ids = Counter(name for one in page.elements if (name := one.given.get("id", "")) and not MARK.search(name))
    seen: set[str] = set()
    for one in page.elements:
        name = one.given.get("id", "")
        if name in seen and ids[name] > 1 and not page.has_statements:
            yield finding("duplicate-id", one.place, evidence=name)
        seen.add(name)
    if page.has_statements:
        return  # what one branch opens, another may close
    for one in page.unclosed:
        if one.name in _DRAWN and one.is_for_outlook:
            yield finding("unclosed", one.place, one.name)
    for name, place in page.stray_ends:
        if name in _DRAWN:
            yield finding("stray-end", place, name)
