"""What of a letter's looks cannot stand in `style` attributes: the narrow screen and dark mode.

Two style elements, not one: Gmail drops a whole element over something in it that it does not
know, and the rules for the narrow screen are those that it needs. Only what the letter uses is
written, far below the 16,384 bytes of which Gmail reads no more. Every declaration must beat
one in a `style` attribute, hence `!important`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from mailkit.compose.theme import Theme

__all__ = ["dark_style", "narrow_style"]

_NARROW: Final = (
    ("mk-outer", "padding: 0"),
    ("mk-card", "border-radius: 0"),
    ("mk-hero", "border-radius: 0"),
    ("mk-pad", "padding-left: 20px; padding-right: 20px"),
    ("mk-flush", "padding-left: 0; padding-right: 0"),
    ("mk-side", "padding-left: 8px; padding-right: 8px"),
    ("mk-column", "max-width: 100%"),
    ("mk-fill", "max-width: 100%"),
    ("mk-h1", "font-size: {h1}px; line-height: {h1high}px"),
    ("mk-thumb", "width: 96px"),
    ("mk-cell", "font-size: 14px"),
)


def narrow_style(theme: Theme, names: frozenset[str]) -> str:
    """The rules for screens that are narrower than the letter, for the classes that are used."""
    size = min(theme.heading_px[0], 26)
    sizes = {"h1": size, "h1high": round(size * 1.27)}
    rules = "".join(_rule(name, said.format(**sizes)) for name, said in _NARROW if name in names)
    return f"@media (max-width: {theme.width_px + 24}px) {{\n{rules}}}\n"


def dark_style(theme: Theme, names: frozenset[str]) -> str:
    """The rules for readers who prefer dark, for the classes that are used."""
    dark = [
        ("mk-back", "background-color", theme.dark_background),
        ("mk-card", "background-color", theme.dark_surface),
        ("mk-text", "color", theme.dark_text),
        ("mk-muted", "color", theme.dark_muted),
        ("mk-link", "color", theme.dark_link),
        ("mk-line", "border-color", theme.dark_line),
        ("mk-band", "background-color", theme.dark_line),
        ("mk-mark", "border-color", theme.dark_accent),
        ("mk-button", "background-color", theme.dark_accent),
        ("mk-button", "border-color", theme.dark_accent),
        ("mk-button", "color", theme.dark_on_accent),
        ("mk-outline", "border-color", theme.dark_accent),
        ("mk-outline", "color", theme.dark_accent),
        ("mk-light", "display", "none"),
        ("mk-dark", "display", "inline-block"),
        ("mk-dark", "max-height", "none"),
    ]
    used = [(name, what, value) for name, what, value in dark if name in names]
    rules = "".join(_rule(name, f"{what}: {value}") for name, what, value in used)
    # Outlook.com marks what it has darkened: [data-ogsc] for text, [data-ogsb] for backgrounds.
    outlook = "".join(
        f"[data-ogs{'b' if what == 'background-color' else 'c'}] .{name} {{ {what}: {value} !important }}\n"
        for name, what, value in used
    )
    scheme = ":root { color-scheme: light dark; supported-color-schemes: light dark }\n"
    return f"{scheme}@media (prefers-color-scheme: dark) {{\n{rules}}}\n{outlook}"


def _rule(name: str, said: str) -> str:
    return f"  .{name} {{ {_important(said.split('; '))} }}\n"


def _important(said: Iterable[str]) -> str:
    return "; ".join(f"{one} !important" for one in said)
