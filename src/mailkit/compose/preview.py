"""How a letter looks: as a desktop or a phone shows it, in the dark, without its images, or as text.

How to think about it. A browser already does what mail clients do with `<style>`, given a window
of their width. What it lacks is put into the HTML: the answer to `prefers-color-scheme`, which
would else be that of whoever looks; images that a client holds back; and inline images, which
only a message has.
"""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape, unescape
from typing import Final, Literal, get_args

import attrs

from mailkit.address import Mailbox
from mailkit.compose.markup import Attribute, Piece, PieceKind, attributes, pieces, replaced
from mailkit.errors import AddressError, InvalidValue, did_you_mean
from mailkit.message import Message

__all__ = ["CLIENTS", "Client", "Preview", "preview_of"]

Client = Literal["desktop", "mobile", "dark", "images off", "text"]
"""A way in which readers see a letter."""
CLIENTS: Final[tuple[Client, ...]] = get_args(Client)
_WIDTHS: Final[dict[str, int]] = {"mobile": 375}
_USUAL_WIDTH: Final = 720
"""Pixels: what the reading pane of a mail program leaves on a common screen."""

_DARK: Final = re.compile(r"\(\s*prefers-color-scheme\s*(?::\s*dark\s*)?\)", re.IGNORECASE)
_LIGHT: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(?:light|no-preference)\s*\)", re.IGNORECASE)
_ALWAYS: Final = "(min-width:0px)"
_NEVER: Final = "(max-width:0px)"
_CSS_SAYS_DARK: Final = re.compile(r"color-scheme\s*:[^;}]*\bdark\b", re.IGNORECASE)
_URL: Final = re.compile(r"url\([^)]*\)", re.IGNORECASE)
_NOT_SHOWN: Final = frozenset({"style", "script", "title", "head"})
_IN_A_LINE: Final = frozenset(
    {"a", "abbr", "b", "code", "em", "font", "i", "small", "span", "strong", "sub", "sup", "u"}
)
# Blanks and characters without a shape, which letters put after a preheader to keep an inbox from showing more
_FILLERS: Final = re.compile(
    "[\\s\xa0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2000-\u200c\u200e\u200f\u2028-\u202e\u205f-\u206f\ufeff]+"
)
_INBOX_LINE: Final = 140
_PIXELS: Final = re.compile(r"\d+\Z")
_SIZE_IN_STYLE: Final = re.compile(r"(?:^|;)\s*(width|height)\s*:", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Preview:
    """A letter as one client shows it; `Template.preview` makes it.

    It shows itself in a notebook; as text it is what an inbox shows, and the text part.

    Attributes:
        message: The letter's parts; where there was no record, with its fields as they are written.
        client: Who shows it.
        sender: From whom; None if it is not said.

    >>> from mailkit.compose import compile
    >>> template = compile("<body><div hidden>Only today</div><p>Hello, {{ name }}!</p></body>", subject="Sale")
    >>> print(template.preview({"name": "Anna"}, sender="Books <shop@example.com>"))
    Books · Sale · Only today Hello, Anna!
    <BLANKLINE>
    Hello, Anna!
    """

    message: Message
    client: Client = "desktop"
    sender: Mailbox | None = None

    @property
    def width_px(self) -> int:
        """How wide the letter is shown, in CSS pixels."""
        return _WIDTHS.get(self.client, _USUAL_WIDTH)

    @property
    def preheader(self) -> str:
        """What an inbox shows after the subject: how the letter's text begins, hidden or not."""
        return _beginning(self.message.html) or " ".join(self.message.text.split())[:_INBOX_LINE]

    @property
    def html_bytes(self) -> int:
        """The size of the HTML in UTF-8; Gmail cuts a letter off near 102 KB."""
        return len(self.message.html.encode("utf-8", "replace"))

    @property
    def html(self) -> str:
        """A whole document that looks, in a window of `width_px`, as the letter does in the client."""
        if self.client == "text" or not self.message.html:
            return _text_page(self.message.text)
        html = _opening_elsewhere(self._with_inline_images())
        is_dark = self.client == "dark"
        html = _answered(html, is_dark=is_dark)
        if self.client == "images off":
            html = _without_images(html)
        scheme = "dark" if is_dark and _knows_the_dark(html) else "light"
        return _with_head(html, f'<base target="_blank"><style>:root{{color-scheme:{scheme} !important}}</style>')

    def _with_inline_images(self) -> str:
        html = self.message.html
        for one in self.message.attachments:
            if one.is_inline:
                data = f"data:{one.content_type};base64,{b64encode(one.content).decode()}"
                html = re.sub(rf"cid:{re.escape(one.content_id)}(?=[\"')\s])", data, html)
        return html

    def __str__(self) -> str:
        head = (self._from, self.message.subject, self.preheader)
        return " · ".join(part for part in head if part) + f"\n\n{self.message.text.rstrip()}"

    @property
    def _from(self) -> str:
        return (self.sender.name or str(self.sender.address)) if self.sender else ""

    def _repr_html_(self) -> str:
        return (
            f'<div style="font:14px/1.4 system-ui,sans-serif;max-width:{self.width_px}px;padding:8px 0;'
            'overflow:hidden;white-space:nowrap;text-overflow:ellipsis">'
            + (f"{escape(self._from)} · " if self._from else "")
            + f'<strong dir="auto">{escape(self.message.subject)}</strong> '
            f'<span dir="auto" style="opacity:.7">{escape(self.preheader)}</span></div>'
            f'<iframe sandbox style="width:{self.width_px}px;height:600px;border:1px solid #ccc;background:#fff" '
            f'title="{escape(self.message.subject)} ({self.client})" srcdoc="{escape(self.html)}"></iframe>'
        )


def preview_of(message: Message, client: str, sender: Mailbox | str | None) -> Preview:
    """The preview of a message for a client by name.

    Raises:
        InvalidValue: There is no such client, or the sender is no mailbox.
    """
    if client not in CLIENTS:
        mend = did_you_mean(str(client), CLIENTS).lstrip("; ") or f"write one of {', '.join(map(repr, CLIENTS))}"
        raise InvalidValue("preview, client", client, "is not a client", mend)
    try:
        known = Mailbox.parse(sender) if isinstance(sender, str) else sender
    except AddressError as error:
        raise InvalidValue("preview, sender", sender, "is not a mailbox", str(error)) from error
    return Preview(message=message, client=client, sender=known)


def _beginning(html: str) -> str:
    words: list[str] = []
    length = 0
    skipped = ""
    for piece in pieces(html):
        if piece.kind is PieceKind.OPEN and piece.name in _NOT_SHOWN:
            skipped = skipped or piece.name
        elif piece.kind is PieceKind.CLOSE and piece.name == skipped:
            skipped = ""
        elif piece.kind is PieceKind.OPEN and piece.name == "body":
            words.clear()
            length, skipped = 0, ""
        elif piece.kind is PieceKind.TEXT and not skipped:
            words.append(_FILLERS.sub(" ", unescape(piece.text)))
            length += len(words[-1].strip())
            if length > _INBOX_LINE:
                break
        elif piece.kind in (PieceKind.OPEN, PieceKind.CLOSE) and piece.name not in _IN_A_LINE:
            words.append(" ")
    return " ".join("".join(words).split())[:_INBOX_LINE].rstrip()


def _answered(html: str, *, is_dark: bool) -> str:
    """The HTML with the question whether the reader likes it dark answered."""
    dark, light = (_ALWAYS, _NEVER) if is_dark else (_NEVER, _ALWAYS)

    def answered(css: str) -> str:
        return _LIGHT.sub(light, _DARK.sub(dark, css))

    def changed(piece: Piece) -> str:
        if piece.kind is PieceKind.RAW and piece.name == "style":
            return answered(piece.text)
        if piece.kind is PieceKind.OPEN:
            asked = [one for one in attributes(piece.text) if one.name == "media"]
            return replaced(piece.text, [(one, answered(one.value)) for one in asked])
        return piece.text

    return "".join(changed(piece) for piece in pieces(html)) if "prefers-color-scheme" in html.lower() else html


def _opening_elsewhere(html: str) -> str:
    """The HTML with its links' own targets left out, which could lead the letter's frame elsewhere."""

    def changed(piece: Piece) -> str:
        if piece.kind is not PieceKind.OPEN:
            return piece.text
        return replaced(piece.text, [(one, "_blank") for one in attributes(piece.text) if one.name == "target"])

    return "".join(changed(piece) for piece in pieces(html)) if "target" in html.lower() else html


def _without_images(html: str) -> str:
    def changed(piece: Piece) -> str:
        if piece.kind is PieceKind.RAW and piece.name == "style":
            return _URL.sub("none", piece.text)
        if piece.kind is not PieceKind.OPEN:
            return piece.text
        if piece.name in ("img", "source"):
            return _alternative(piece.text) if piece.name == "img" else ""
        return _without_background(piece.text)

    return "".join(changed(piece) for piece in pieces(html))


def _without_background(tag: str) -> str:
    changes: list[tuple[Attribute, str]] = []
    for one in attributes(tag):
        if one.name == "background" or (one.name == "poster" and one.value):
            changes.append((one, ""))
        elif one.name == "style" and _URL.search(one.value):
            changes.append((one, _URL.sub("none", one.value)))
    return replaced(tag, changes)


def _alternative(tag: str) -> str:
    """What stands in an image's place while a client holds it back: a box with its alternative text."""
    given = {one.name: one.value for one in reversed(attributes(tag))}
    style = _URL.sub("none", given.get("style", "")).rstrip("; ")
    said = {found[1].lower() for found in _SIZE_IN_STYLE.finditer(style)}
    sizes = "".join(
        f"{name}:{given[name]}px;"
        for name in ("width", "height")
        if name not in said and _PIXELS.match(given.get(name, ""))
    )
    box = "display:inline-block;box-sizing:border-box;max-width:100%;overflow:hidden;outline:1px solid #c8c8c8;"
    rest = "".join(f' {name}="{given[name]}"' for name in ("class", "id", "align") if given.get(name))
    alt = given.get("alt", "")
    return f'<span{rest} style="{box}{sizes}{style}">{alt.replace("<", "&lt;")}</span>'


def _text_page(text: str) -> str:
    style = (
        "margin:24px;font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere"
    )
    shown = escape(text) or "<em>There is no text part.</em>"
    head = '<!doctype html><meta charset="utf-8"><title>Text part</title>'
    return f'{head}<body><div dir="auto" style="{style}">{shown}</div>'


def _knows_the_dark(html: str) -> bool:
    """Whether a letter says that it can be shown on a dark ground (CSS Color Adjustment, 2.2)."""
    for piece in pieces(html):
        given = {one.name: one.value.lower() for one in attributes(piece.text)} if piece.name == "meta" else {}
        if given.get("name") in ("color-scheme", "supported-color-schemes") and "dark" in given.get("content", ""):
            return True
        if piece.kind is PieceKind.RAW and piece.name == "style" and _CSS_SAYS_DARK.search(piece.text):
            return True
    return False


def _with_head(html: str, extra: str) -> str:
    """The HTML with something more at the end of its head, after its own styles."""
    position = start = 0
    for piece in pieces(html):
        is_end = (piece.kind, piece.name) in ((PieceKind.CLOSE, "head"), (PieceKind.OPEN, "body"))
        if is_end:
            start = position
            break
        position += len(piece.text)
        if piece.text[:2] == "<!" and not start:
            start = position  # behind the doctype, without which browsers think in quirks
    return html[:start] + extra + html[start:]
