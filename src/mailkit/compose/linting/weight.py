"""How much a letter weighs against what Gmail cuts off, and what is left in its style sheets."""

from __future__ import annotations

from collections.abc import Iterator

from mailkit.compose.linting.limits import CLIP_BYTES, STYLE_BYTES
from mailkit.compose.linting.page import Page
from mailkit.compose.linting.rules import finding
from mailkit.compose.linting.styles import conditional
from mailkit.findings import Finding, Place

__all__ = ["check_styles", "check_weight"]

_NEAR_SHARE = 0.85
_TOP = Place(source="html")


def check_weight(html_bytes: int, *, whose: str, place: Place = _TOP, is_worst: bool) -> Iterator[Finding]:
    """The HTML's weight; `is_worst` says that no record makes it heavier."""
    said = f"the HTML {whose} has {html_bytes / 1024:.0f} KB"
    if html_bytes > CLIP_BYTES:
        yield finding("clipped", place, said)
    elif not is_worst and html_bytes > CLIP_BYTES * _NEAR_SHARE:
        yield finding("nearly-clipped", place, f"{said} before any record's values")


def check_styles(page: Page) -> Iterator[Finding]:
    """The style sheets: size of what stays in the letter, nesting, braces, `!important` in attributes."""
    for place in page.broken_sheets:
        yield finding("broken-css", place)
    kept = [rule for rule in page.rules if rule.is_at_rule or ":" in rule.head or "[data-" in rule.head]
    if (size := sum(len(f"{rule.head}{rule.body}".encode("utf-8", "replace")) + 4 for rule in kept)) > STYLE_BYTES:
        yield finding("long-style", page.sheets[0][1], f"{size:,}")
    at_rules = list(conditional(page.rules))
    for rule in at_rules:
        inner = next((one for one in conditional([rule]) if one is not rule), None)
        if inner is not None:
            yield finding("nested-at-rule", page.place_of(inner.head), evidence=f"{rule.head} {{ {inner.head}"[:100])
    for one in page.named("style"):
        if one.parent is not None and one.parent.name not in ("head", "html", "noscript"):
            yield finding("style-in-body", one.place)
    if not at_rules:
        return
    for one in page.elements:
        if "!" in one.given.get("style", "") and "important" in one.given["style"]:
            yield finding("important", one.place, evidence=page.spoken(one.given["style"])[:80])
