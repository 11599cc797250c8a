"""Blocks of pictures."""

from __future__ import annotations

from mailkit.compose.blocks import Countdown, Image, Live, Video
from mailkit.compose.layout.pen import Frame, Pen

__all__ = ["countdown", "image", "live", "picture", "video"]


def picture(pen: Pen, src: str, alt: str, width_px: int, frame: Frame, *, name: str = "", look: str = "") -> str:
    """A picture that shrinks with its place; without a width of its own it fills it, on a phone too."""
    width = min(width_px or frame.room_px, frame.room_px)
    names = " ".join(one for one in (name, "" if width_px else "mk-fill") if one)
    style = f"display:inline-block;width:100%;max-width:{width}px;height:auto;border:0;vertical-align:middle{look}"
    marked = f'class="{names}" ' if names else ""
    return f'<img src="{pen.words(src)}" alt="{pen.words(alt)}" width="{width}" {marked}style="{style}">'


def _led(pen: Pen, href: str, alt: str, inner: str, frame: Frame) -> str:
    if not href:
        return inner
    # An ornament says nothing, and neither may a link that holds nothing else.
    heard = "" if alt else 'aria-hidden="true" tabindex="-1" '
    return f'<a href="{pen.words(href)}" {heard}{pen.link_looks(frame)}>{inner}</a>'


def image(pen: Pen, block: Image, frame: Frame) -> str:
    """A picture, and the one for the dark, which is hidden otherwise."""
    look = _rounded(pen, block.width_px)
    shown = picture(pen, block.src, block.alt, block.width_px, frame, name="mk-light" * bool(block.dark_src), look=look)
    if block.dark_src:
        hidden = f"{look};display:none;max-height:0;mso-hide:all"
        dark = picture(pen, block.dark_src, block.alt, block.width_px, frame, name="mk-dark", look=hidden)
        shown += f"<!--[if !mso]><!-->{dark}<!--<![endif]-->"
    return _led(pen, block.href, block.alt, shown, frame)


def _rounded(pen: Pen, width_px: int) -> str:
    """Round corners for pictures that fill their place; logos have their own."""
    return f";border-radius:{pen.theme.radius_px}px" if pen.theme.radius_px and not width_px else ""


def live(pen: Pen, block: Live, frame: Frame) -> str:
    """A picture drawn when the letter is opened; until it comes, its words are all there is."""
    shown = picture(pen, block.src, block.alt, block.width_px, frame, look=_rounded(pen, block.width_px))
    return _led(pen, block.href, block.alt, shown, frame)


def countdown(pen: Pen, block: Countdown, frame: Frame) -> str:
    """A clock drawn when the letter is opened, above the words that are true without it."""
    name, colour = pen.ink(frame)
    style = f"margin:{'12px' if block.src else '0'} 0 0;{pen.heading_font(3)};color:{colour}"
    words = f'<p class="{name}" style="{style}">{pen.words(block.until)}</p>'
    # The words below say all that the picture does, so it has none of its own.
    return (picture(pen, block.src, "", block.width_px, frame) if block.src else "") + words


def video(pen: Pen, block: Video, frame: Frame) -> str:
    """The first picture with a bar below it that holds the sign to play: signs on pictures are for few clients."""
    theme = pen.theme
    radius = theme.radius_px
    width = min(block.width_px or frame.room_px, frame.room_px)
    corners = f";border-radius:{radius}px {radius}px 0 0"
    poster = picture(pen, block.poster, block.alt, block.width_px, frame, look=corners)
    bar = (
        f"display:inline-block;box-sizing:border-box;width:100%;max-width:{width}px;padding:12px 16px;"
        f"background-color:{theme.accent};color:{theme.on_accent};{pen.font(16, 20)};font-weight:600;text-align:center;"
        f"border-radius:0 0 {radius}px {radius}px"
    )
    words = f" &nbsp;{pen.words(block.text)}" if block.text else ""
    names = "mk-button" if block.width_px else "mk-button mk-fill"
    sign = f'<span class="{names}" style="{bar}">&#9654;&#65038;{words}</span>'
    link = f'href="{pen.words(block.href)}" style="color:{theme.link};text-decoration:none"'
    return f"<a {link}>{poster}<br>{sign}</a>"
