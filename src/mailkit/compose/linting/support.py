"""What the readers' clients cannot show, by caniemail's data and the shares of those clients.

How to think about it: only what holds without a condition is looked at, since a rule under
`@media` or `:hover` is meant for those who know it. Where the letter says the same thing more
plainly before (`width:600px; width:calc(…)`), nothing is lost, and nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import attrs

from mailkit.compose.linting.clients import support
from mailkit.compose.linting.page import Element, Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.marks import MARK
from mailkit.findings import Finding, Place

__all__ = ["BREAKS_SHARE", "DIFFERS_SHARE", "check_support"]

BREAKS_SHARE: Final = 0.02
"""From which share of readers on it is told that content is lost; a choice of ours."""
DIFFERS_SHARE: Final = 0.3
"""From which share of readers on it is told that a letter looks plainer; a choice of ours."""

_FUNCTION: Final = re.compile(r"([a-z-]+)\(")
_UNIT: Final = re.compile(r"(?<![\w#.-])-?\d{0,9}\.?\d{1,9}(rem|vw|vh|vmin|vmax|ch)\b")
_CONTENT: Final = re.compile(r"""content\s*:\s*(?:"[^"]*\w|'[^']*\w|url|attr|counter)""", re.IGNORECASE)
_EXTENSION: Final = re.compile(r"\.([a-z0-9]{2,5})(?:[?#]|\Z)")
_FAILS: Final = {"element": "is not shown", "picture": "is not shown"}
_OUTLOOK: Final = ("outlook-windows", "outlook-windows-mail")
_NAMES: Final = (
    ("apple-mail", "Apple Mail"), ("gmail", "Gmail"), ("outlook-windows", "Outlook for Windows"),
    ("outlook-macos", "Outlook for Mac"), ("outlook-com", "Outlook.com"), ("outlook", "Outlook for phones"),
    ("yahoo", "Yahoo Mail"), ("aol", "AOL"), ("mail-ru", "Mail.ru"), ("samsung-email", "Samsung Email"),
    ("thunderbird", "Thunderbird"), ("protonmail", "Proton Mail"), ("gmx", "GMX"), ("web-de", "WEB.DE"),
)  # fmt: skip


@attrs.frozen
class _Way:
    """How a feature is found, how it harms, and what to do instead."""

    slug: str
    name: str
    values: frozenset[str]
    breaks: bool
    mend: str
    fails: str


@cache
def _ways() -> dict[str, dict[str, list[_Way]]]:
    """The ways by kind and name."""
    from importlib.resources import files

    text = files(__package__).joinpath("data", "features.tsv").read_text(encoding="utf-8")
    found: dict[str, dict[str, list[_Way]]] = {}
    for line in text.splitlines()[3:]:
        slug, kind, names, values, harm, mend = line.split("\t")
        for name in names.split() or [""]:
            fails = "hides nothing" if harm == "shows" else _FAILS.get(kind, "does not work")
            way = _Way(slug, name, frozenset(values.split()) - {"*"}, harm != "differs", mend, fails)
            found.setdefault(kind, {}).setdefault(name, []).append(way)
    return found


def check_support(page: Page, weights: Mapping[str, float]) -> Iterator[Finding]:
    """What does nothing, or harm, for too many readers."""
    seen: dict[tuple[str, bool], tuple[_Way, Place, str, bool]] = {}
    for way, where, evidence, is_harmless in _uses(page):
        element = where if isinstance(where, Element) else None
        key = way.slug, element.is_for_outlook if element else True
        place = where.place if isinstance(where, Element) else where
        if key not in seen or (seen[key][3] and not is_harmless):
            seen[key] = way, place, evidence, is_harmless
    told: set[str] = set()
    for (slug, is_for_outlook), (way, place, evidence, is_harmless) in seen.items():
        reached = (
            weights if is_for_outlook else {name: share for name, share in weights.items() if name not in _OUTLOOK}
        )
        share, lacking = support().without(slug, reached)
        breaks = way.breaks and not is_harmless
        if slug in told or share < (BREAKS_SHARE if breaks else DIFFERS_SHARE):
            continue
        told.add(slug)
        feature = support().features[slug]
        code, what = ("unsupported", f"{evidence} {way.fails}") if breaks else ("differs", evidence)
        percent = max(round(share * 100), 1)
        by = f"caniemail.com/features/{slug}, tested {feature.tested}"
        yield finding(code, place, what, percent, _shown(lacking), mend=way.mend, source=by)


def _shown(clients: tuple[str, ...]) -> str:
    names = dict.fromkeys(next((name for start, name in _NAMES if one.startswith(start)), one) for one in clients)
    first = list(names)[:3]
    return ", ".join(first) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _uses(page: Page) -> Iterator[tuple[_Way, Element | Place, str, bool]]:
    """What is used where: the way, the element or the rule's place, what to show, and whether it is harmless."""
    ways = _ways()
    with_fallback = {one.parent.number for one in page.elements if one.name in ("img", "a") and one.parent}
    for one in page.elements:
        for way in ways["element"].get(one.name, ()):
            yield (
                way,
                one,
                f"<{one.name}>",
                one.is_hidden or (one.name in ("video", "audio", "object") and one.number in with_fallback),
            )
        for name in one.given:
            for way in ways["attribute"].get(name, ()):
                yield way, one, f"the attribute {name}", one.style.get("display") == "none"
        yield from _addresses(one, ways)
        if not one.is_hidden or _is_merely_invisible(one):
            yield from _declared(page, one, ways)
    for rule in page.rules:
        for way in ways["at"].get(rule.head.split(None, 1)[0].lower() if rule.head else "", ()):
            yield way, page.place_of(rule.head), way.name, False
        for name, found in ways["selector"].items():
            is_there = name in rule.head or (name.startswith("::") and re.search(rf"(?<!:){name[1:]}\b", rule.head))
            if is_there and (not name.startswith("::") or _CONTENT.search(rule.body)):
                yield found[0], page.place_of(rule.head), name, False


def _is_merely_invisible(one: Element) -> bool:
    """Whether nothing but `visibility` hides it."""
    around = one.parent is not None and one.parent.is_hidden
    is_shown = one.style.get("display") != "none" and "hidden" not in one.given and "max-height" not in one.style
    return one.style.get("visibility") == "hidden" and is_shown and not around and one.style.get("opacity") != "0"


def _addresses(one: Element, ways: dict[str, dict[str, list[_Way]]]) -> Iterator[tuple[_Way, Element, str, bool]]:
    href = one.given.get("href", "").strip()
    if one.name == "a" and len(href) > 1 and href.startswith("#"):
        yield ways["anchor"][""][0], one, "a link inside of the letter", False
    if one.name == "img" and (found := _EXTENSION.search(one.given.get("src", "").lower())):
        for way in ways["picture"].get(found[1], ()):
            yield way, one, f"a {found[1].upper()} picture", False


def _declared(
    page: Page, one: Element, ways: dict[str, dict[str, list[_Way]]]
) -> Iterator[tuple[_Way, Element, str, bool]]:
    before: set[str] = set()
    written = {name for name, _ in one.written}
    values = [*one.written, *((name, value) for name, value in one.style.items() if name not in written)]
    for name, value in values:
        plain = MARK.sub("", value).lower()
        family = name.partition("-")[0]
        has_plainer = name in before or (family == "background" and bool(before & {"background", "background-color"}))
        for way in ways["property"].get(name, ()):
            is_vml = way.slug == "css-background-image" and (page.has_vml or plain == "none")
            if (not way.values or plain.split(" ")[0] in way.values) and not is_vml:
                yield way, one, f"{name}: {plain}" if way.values else name, has_plainer
        if "(" in plain:
            for function in _FUNCTION.findall(plain):
                for way in ways["value"].get(f"{function}(", ()):
                    yield way, one, f"{function}()", has_plainer
        if plain[:1] in "0123456789-." and (unit := _UNIT.search(plain)):
            for way in ways["unit"].get(unit[1], ()):
                yield way, one, f"the unit {unit[1]}", has_plainer
        before.add(name)
