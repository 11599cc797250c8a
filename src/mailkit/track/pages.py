"""The few pages that a reader may see, in English and Russian.

They are one small file each, without scripts, pictures or fonts from anywhere, for a phone and
a large screen, in light and in dark; everything that is not ours is escaped by Jinja.
"""

from __future__ import annotations

import re
from base64 import b64encode
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Template

    from mailkit.track.links import TrackedCampaign

__all__ = ["SECURITY_POLICY", "Page", "choose_language", "render_page"]


class Page(StrEnum):
    """What a page is for."""

    ASK = "ask"
    """Asks whether the reader means it: opening an address must change nothing."""
    DONE = "done"
    """Says that the reader is unsubscribed."""
    INVALID = "invalid"
    """Says that a link is not, or no longer, one of ours."""
    FAILED = "failed"
    """Says that the wish could not be written down, and offers to try again."""


_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5b6168; --paper: #ffffff; --desk: #f2f3f5;
  --act: #1a56b0; --on: #ffffff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceef1; --soft: #a9b0b8; --paper: #1f2226; --desk: #131518; --act: #8ab4f8; --on: #10141a }
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--desk);
  color: var(--ink); font: 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main { width: 100%; max-width: 28rem; padding: 2rem; background: var(--paper); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / 8%), 0 8px 24px rgb(0 0 0 / 8%) }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 }
p { margin: 0 0 .75rem; overflow-wrap: anywhere }
p:last-child { margin-bottom: 0 }
.soft { color: var(--soft); font-size: .9375rem }
form { margin: 1.5rem 0 0 }
button { width: 100%; min-height: 3rem; padding: .5rem 1rem; border: 0; border-radius: .625rem; background: var(--act);
  color: var(--on); font: inherit; font-weight: 600; cursor: pointer }
button:hover { filter: brightness(1.08) }
button:focus-visible { outline: 3px solid var(--act); outline-offset: 3px }
@media (forced-colors: active) { button { border: 2px solid } }
"""

SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-" + b64encode(sha256(_STYLE.encode()).digest()).decode("ascii") + "'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy of the pages: their own style, a form to where they came from, and nothing else."""

_SOURCE: Final = (
    """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>"""
    + _STYLE  # not a variable: escaping would break both it and its hash in the policy
    + """</style>
</head>
<body>
<main>
<h1>{{ title }}</h1>
{% for line in lines %}<p{% if not loop.first %} class="soft"{% endif %}>{{ line }}</p>
{% endfor %}{% if button %}<form method="post">
<button type="submit" name="from" value="page">{{ button }}</button>
</form>
{% endif %}</main>
</body>
</html>
"""
)

_TEXTS: Final = {
    "en": {
        Page.ASK: (
            "Unsubscribe?",
            ("Press the button, and you will get no more letters{what}.", "Changed your mind? Just close this page."),
            "Unsubscribe",
        ),
        Page.DONE: (
            "You are unsubscribed",
            ("You will get no more letters{what}.", "One that is on its way already may still arrive."),
            "",
        ),
        Page.INVALID: (
            "This link does not work",
            (
                "It is incomplete, or has been changed on its way.",
                "Open the letter once more and press the link there instead of copying it, or answer the letter.",
            ),
            "",
        ),
        Page.FAILED: (
            "That did not work",
            ("Your wish could not be written down, and the fault is ours.", "Please try again in a minute."),
            "Try again",
        ),
    },
    "ru": {
        Page.ASK: (
            "Отписаться?",
            ("Нажмите кнопку, и письма{what} больше не придут.", "Передумали? Просто закройте эту страницу."),
            "Отписаться",
        ),
        Page.DONE: (
            "Вы отписаны",
            ("Письма{what} больше не придут.", "То, что уже в пути, может ещё прийти."),
            "",
        ),
        Page.INVALID: (
            "Ссылка не работает",
            (
                "Она неполная или изменилась по дороге.",
                "Откройте письмо ещё раз и нажмите ссылку в нём, не копируя её, или просто ответьте на письмо.",
            ),
            "",
        ),
        Page.FAILED: (
            "Не получилось",
            ("Мы не смогли записать ваше решение, и это наша вина.", "Попробуйте ещё раз через минуту."),
            "Попробовать ещё раз",
        ),
    },
}
_TOPIC: Final = {"en": " on “{name}”", "ru": " на тему «{name}»"}
_BRAND: Final = {"en": " from {name}", "ru": " от {name}"}
_RANGE: Final = re.compile(
    r"\s*([a-z]{1,8})(?:-[a-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*\Z", re.IGNORECASE
)


def choose_language(accepted: str) -> str:
    """The language that the reader likes best of those that there are (RFC 9110, 12.5.4); English otherwise.

    >>> choose_language("de, ru;q=0.8, en;q=0.5"), choose_language("fr")
    ('ru', 'en')
    """
    wishes = [found for found in map(_RANGE.match, accepted.split(",")[:20]) if found]
    known = [(float(wish[2] or 1), wish[1].lower()) for wish in wishes if wish[1].lower() in _TEXTS]
    quality, language = max(known, key=lambda wish: wish[0], default=(0.0, "en"))
    return language if quality else "en"


def render_page(page: Page, *, language: str, campaign: TrackedCampaign | None = None) -> str:
    """The page as HTML.

    Args:
        page: Which.
        language: "en" or "ru".
        campaign: Whose letters it is about, if it is about any.
    """
    title, lines, button = _TEXTS[language][page]
    what = _what(campaign, language)
    return _template().render(
        language=language,
        title=title,
        lines=[line.replace("{what}", what) for line in lines],
        button=button,
    )


def _what(campaign: TrackedCampaign | None, language: str) -> str:
    """Which letters, as the middle of a sentence; empty for all of them."""
    if campaign is None:
        return ""
    if campaign.topic:
        return _TOPIC[language].replace("{name}", campaign.topic)
    return _BRAND[language].replace("{name}", campaign.brand) if campaign.brand else ""


@cache
def _template() -> Template:
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(_SOURCE)
