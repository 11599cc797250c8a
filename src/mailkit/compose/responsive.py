"""What of a letter's looks cannot stand in `style` attributes: the narrow screen and dark mode."""

from __future__ import annotations

from mailkit.compose.theme import Theme

__all__ = ["head_style"]


def head_style(theme: Theme) -> str:
    """The content of a letter's `<style>`; every line of it must beat one in a `style` attribute."""
    dark = (
        (".mk-back", "background-color", theme.dark_background),
        (".mk-card", "background-color", theme.dark_surface),
        (".mk-text", "color", theme.dark_text),
        (".mk-muted", "color", theme.dark_muted),
        (".mk-link", "color", theme.dark_link),
        (".mk-line", "border-color", theme.dark_line),
        (".mk-button", "background-color", theme.dark_accent),
        (".mk-button", "color", theme.dark_on_accent),
    )
    rules = "".join(f"  {name} {{ {what}: {colour} !important }}\n" for name, what, colour in dark)
    # Outlook.com marks what it has darkened: [data-ogsc] for text, [data-ogsb] for backgrounds.
    outlook = "".join(
        f"[data-ogs{'b' if what == 'background-color' else 'c'}] {name} {{ {what}: {colour} !important }}\n"
        for name, what, colour in dark
    )
    return f""":root {{ color-scheme: light dark; supported-color-schemes: light dark }}
@media (max-width: {theme.width_px + 24}px) {{
  .mk-outer {{ padding: 0 !important }}
  .mk-card {{ border-radius: 0 !important }}
  .mk-pad {{ padding-left: 20px !important; padding-right: 20px !important }}
  .mk-h1 {{ font-size: 26px !important; line-height: 33px !important }}
}}
@media (prefers-color-scheme: dark) {{
{rules}}}
{outlook}"""
